/** Round after round in one process, so that what each leaves behind adds up. */
import type { Action } from './actions.ts'
import { surplus, takeCensus } from './census.ts'
import type { Census } from './census.ts'
import { HeapTrend } from './heap-trend.ts'
import type { Problem } from './problem.ts'
import { watchProcess } from './process-watch.ts'
import { comesTrue } from './comes-true.ts'
import { comeBackWithin } from './quiet.ts'
import { runRound } from './round.ts'
import type { RoundAndAfter, RoundHooks } from './round.ts'

/** Rounds after which everything has been made that is made once. */
const warmUp = 2
/** Looks, 50 ms and more apart, in which nothing goes. */
const stillFor = 10

export class Rounds {
  readonly #actions: readonly Action[]
  readonly #hooks: RoundHooks
  readonly #unhandled: Problem[] = []
  readonly #heap = new HeapTrend()
  #before: Census | undefined
  #count = 0

  constructor(actions: readonly Action[], hooks: RoundHooks = {}) {
    this.#actions = actions
    this.#hooks = hooks
    watchProcess((problem) => this.#unhandled.push(problem))
  }

  async run(seed: number): Promise<RoundAndAfter> {
    const report = await runRound(seed, this.#actions, this.#hooks)
    // In a turn of its own: nothing of the round is on the stack any more.
    const { heap, left } = await this.#leftBehind()
    return { ...report, heap, problems: [...report.problems, ...left, ...this.#unhandled.splice(0)] }
  }

  async #leftBehind(): Promise<{ heap: number; left: Problem[] }> {
    if (++this.#count <= warmUp || !this.#before) {
      const census = await settledCensus()
      this.#before = census
      return { heap: census.heap, left: [] }
    }
    const before = this.#before
    let census = takeCensus()
    const nothing = await comesTrue(() => {
      census = takeCensus()
      return surplus(census, before).length === 0
    }, comeBackWithin)
    const growth = this.#heap.add(census.heap)
    const left: Problem[] = growth === undefined ? [] : [{ kind: 'left behind', text: growth }]
    if (!nothing) {
      // Told once: the next rounds are measured from here.
      this.#before = { ...census, workers: 0 }
      left.push({ kind: 'left behind', text: `after the shutdown there are ${surplus(census, before).join('; ')}` })
    }
    return { heap: census.heap, left }
  }
}

/** What is there when no more of it goes: some of it waits for a collection, and for an answer from the other thread after that. */
async function settledCensus(): Promise<Census> {
  let best = takeCensus()
  let unchanged = 0
  await comesTrue(() => {
    const census = takeCensus()
    unchanged = surplus(best, census).length > 0 ? 0 : unchanged + 1
    best = census
    return unchanged >= stillFor
  }, comeBackWithin)
  return { ...best, workers: 0 }
}
