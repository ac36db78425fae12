import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { ComponentGrowth } from '../decide/schedule.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import type { ComponentAccount } from './component-account.ts'
import { familyGrowths } from './family-growth.ts'
import type { FamilyMember } from './family-growth.ts'
import { roomOf } from './measured-worker.ts'

export interface HeadroomNeeds {
  /** Components with a worker, loading or loaded. */
  readonly live: ReadonlyMap<Supervisor, MeasuredTarget>
  readonly account: (supervisor: Supervisor) => ComponentAccount
  /** Whether a worker has been seen to run of late. */
  readonly isRunning: (target: MeasuredTarget) => boolean
}

/** How far components are from limits of their own and of their families, and how fast they come near them. */
export class Headroom {
  readonly #needs: HeadroomNeeds
  /** Bytes that the members of each limited family may take, all together. Added up once for a look, not once for each member. */
  #ofFamilies: ReadonlyMap<FamilyLimits, number> | undefined

  constructor(needs: HeadroomNeeds) {
    this.#needs = needs
  }

  /** What members of families hold is added up anew when it is next asked for. */
  refresh(): void {
    this.#ofFamilies = undefined
  }

  /** Bytes that a component may take before it passes a limit. */
  of(supervisor: Supervisor): number {
    const family = supervisor.definition.family?.limits
    const own = roomOf(supervisor, this.#needs.account(supervisor))
    if (family?.maxMemory === undefined) return own
    this.#ofFamilies ??= this.#addUp()
    return Math.min(own, this.#ofFamilies.get(family) ?? family.maxMemory)
  }

  /** The least of what those may take that are at work, or have been of late; undefined: there are none. */
  get least(): number | undefined {
    const { live, isRunning } = this.#needs
    let least: number | undefined
    for (const [supervisor, target] of live) {
      const { state, inUse } = supervisor
      if (state.status === 'ready' && inUse === 0 && !isRunning(target)) continue
      least = Math.min(least ?? Number.POSITIVE_INFINITY, target.room)
    }
    return least
  }

  /** Of the components that `isRunning`: the heap of one that does nothing stays as it is. */
  growths(limit: number): ComponentGrowth[] {
    const { live, account, isRunning } = this.#needs
    const growths: ComponentGrowth[] = []
    for (const [supervisor, target] of live) {
      if (!isRunning(target)) continue
      const { memory, peakGrowth, certainNative } = account(supervisor)
      growths.push({
        // What a component reports does not count towards its own limit, nor does what may be another's.
        total: memory ? memory.total - memory.reported - memory.native + certainNative : 0,
        memoryLimit: supervisor.definition.memoryLimit ?? limit,
        growth: peakGrowth,
      })
    }
    return [...growths, ...familyGrowths(this.#members())]
  }

  /** Of limited families. */
  *#members(): Iterable<FamilyMember> {
    const { live, account, isRunning } = this.#needs
    for (const [supervisor, target] of live) {
      const family = supervisor.definition.family?.limits
      if (family?.maxMemory === undefined) continue
      const { memory, peakGrowth } = account(supervisor)
      const growth = isRunning(target) ? peakGrowth : 0
      yield { family, maxMemory: family.maxMemory, held: memory?.total ?? 0, growth }
    }
  }

  #addUp(): ReadonlyMap<FamilyLimits, number> {
    const rooms = new Map<FamilyLimits, number>()
    for (const { family, maxMemory, held } of this.#members())
      rooms.set(family, (rooms.get(family) ?? maxMemory) - held)
    return rooms
  }
}
