import { inJoinedBranch } from './joined-branch.ts'

/** Whether the acquires and calls of one served call have come one after the other so far. */
export class Sequence {
  #underWay = 0
  #broken = false

  /** Two things were under way at once, once: what waits in one branch of the call may be released by another. */
  get broken(): boolean {
    return this.#broken
  }

  /** @param holding what is begun would keep something waiting: the call holds locks, or asks for some. */
  begin(holding: boolean): void {
    this.#broken ||= this.#underWay > 0 || (holding && inJoinedBranch())
    this.#underWay += 1
  }

  end(): void {
    this.#underWay -= 1
  }
}
