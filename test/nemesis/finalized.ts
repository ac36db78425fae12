/** Objects passed by reference that want to know when nobody can call them any more: they are told once. */
import { finalizer } from 'comlink'
import { proxy } from '../../src/index.ts'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { comesTrue } from './comes-true.ts'

interface Told {
  readonly what: string
  times: number
  /** It is known to have arrived; of others it is not known whether anybody ever had them. */
  arrived: boolean
}

/** ms in which they are told once everything is shut down. */
const within = 10_000

export class Finalized {
  readonly #objects: Told[] = []

  /** @returns it, to be passed on, and what notes that it arrived. */
  watch<T extends object>(what: string, value: T) {
    const told: Told = { what, times: 0, arrived: false }
    this.#objects.push(told)
    return {
      value: proxy({ ...value, [finalizer]: () => void told.times++ }),
      arrived: () => void (told.arrived = true),
    }
  }

  /** What was not told, or more than once, when nobody has any of them. */
  async problems(): Promise<string[]> {
    const wrong = (): Told[] => this.#objects.filter(({ times, arrived }) => times > 1 || (arrived && times === 0))
    await comesTrue(() => {
      collectGarbage()
      return wrong().length === 0
    }, within)
    return wrong().map(({ what, times }) => `the finalizer of ${what} was called ${times} times`)
  }
}
