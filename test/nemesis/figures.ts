/** What was done, and what came of it. */
import type { Action } from './actions.ts'
import type { ProblemKind } from './problem.ts'
import type { RoundAndAfter } from './round.ts'

/** Of a line. */
const mostHeaps = 30
const number = new Intl.NumberFormat('en')

export class Figures {
  readonly #kinds: ReadonlyMap<string, Action['kind']>
  readonly #done = new Map<string, number>()
  readonly #failures = new Map<ProblemKind, number>()
  #rounds = 0
  #calls = 0
  readonly #heaps: number[] = []

  constructor(actions: readonly Action[]) {
    this.#kinds = new Map(actions.map(({ name, kind }) => [name, kind]))
  }

  add({ done, calls, heap }: RoundAndAfter): void {
    this.#heaps.push(heap)
    this.#rounds++
    this.#calls += calls
    for (const [name, times] of Object.entries(done)) this.#done.set(name, (this.#done.get(name) ?? 0) + times)
  }

  failed(kind: ProblemKind): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1)
  }

  get failures(): number {
    return this.#failures.values().reduce((sum, count) => sum + count, 0)
  }

  /** One line for now. */
  line(): string {
    const failures = [...this.#failures].map(([kind, count]) => `${kind} ${count}`).join(', ')
    return (
      `${number.format(this.#rounds)} rounds, ${number.format(this.#calls)} calls, ${number.format(this.#count('operation'))} operations, ` +
      `${number.format(this.#count('fault'))} faults, ${number.format(this.#count('bad input'))} bad inputs, ` +
      `${this.failures} failures${failures ? ` (${failures})` : ''}`
    )
  }

  /** Each action of that kind, and how often it was done. */
  table(kind: Action['kind']): string {
    return [...this.#done]
      .filter(([name]) => this.#kinds.get(name) === kind)
      .sort(([, a], [, b]) => b - a)
      .map(([name, times]) => `${name} ${number.format(times)}`)
      .join(', ')
  }

  /** How the heap of the main thread went: MiB after each round, or of as many as fit on a line. */
  heaps(): string {
    const every = Math.ceil(this.#heaps.length / mostHeaps)
    return this.#heaps
      .filter((_, i) => i % every === 0 || i === this.#heaps.length - 1)
      .map((heap) => (heap / 2 ** 20).toFixed(1))
      .join(' ')
  }

  #count(kind: Action['kind']): number {
    return this.#done.entries().reduce((sum, [name, times]) => sum + (this.#kinds.get(name) === kind ? times : 0), 0)
  }
}
