/** Round after round in one process, so that what each leaves behind adds up. */
import type { Action } from './actions.ts'
import { surplus, takeCensus } from './census.ts'
import type { Census } from './census.ts'
import { HeapTrend } from './heap-trend.ts'
import type { Problem } from './problem.ts'
import { watchProcess } from './process-watch.ts'
import { comesTrue } from './quiet.ts'
import { runRound } from './round.ts'
import type { RoundAndAfter, RoundHooks } from './round.ts'

/** Rounds after which everything has been made that is made once. */
const warmUp = 2

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
    this.#count++
    let census = takeCensus()
    const before = this.#before ?? { ...census, workers: 0 }
    const nothing = await comesTrue(() => {
      census = takeCensus()
      return surplus(census, before).length === 0
    }, 8_000)
    if (this.#count <= warmUp) {
      this.#before = census
      return { heap: census.heap, left: [] }
    }
    const growth = this.#heap.add(census.heap)
    const problems: Problem[] = growth === undefined ? [] : [{ kind: 'left behind', text: growth }]
    if (nothing) return { heap: census.heap, left: problems }
    // Told once: the next rounds are measured from here.
    this.#before = { ...census, workers: 0 }
    problems.push({ kind: 'left behind', text: `after the shutdown there are ${surplus(census, before).join('; ')}` })
    return { heap: census.heap, left: problems }
  }
}
