import type { CoordinatorEvents } from '../contract/events.ts'
import { headlineOf } from '../contract/describe-value.ts'
import { loadWords } from '../words/load-words.ts'
import type { Observed } from './observed.ts'

/** What began or ended a generation, or kept it from beginning. */
export interface Mark {
  readonly kind: 'load' | 'load-error' | 'unload' | 'crash'
  /** Epoch ms. */
  readonly time: number
  readonly generation: number
  /** Why it was unloaded, or how it crashed; of others null. */
  readonly reason: string | null
  /** In one sentence, of a load the end of "loaded ...", of one that failed its error; null where there is none, or it is long ago. */
  readonly why: string | null
}

/** Of one component: its last hundred marks, some fifty generations. Guessed: more would not be told apart on a plot. */
const mostMarks = 100
/** Of these, whose sentences are kept: they are long. */
const mostSentences = 10
/** Components whose marks are kept, those of which something happened last: keys of families come and go without end. */
const mostComponents = 2_000

/** Remembers when each component was loaded, unloaded and lost, for longer than the feed has room. */
export class ComponentMarks implements Disposable {
  readonly #marks = new Map<string, Mark[]>()
  readonly #stop: () => void

  constructor(coordinator: Observed) {
    const load = ({ name, generation, cause }: CoordinatorEvents['load'][0]): void =>
      this.#add(name, { kind: 'load', time: Date.now(), generation, reason: null, why: loadWords(cause) })
    const loadError = ({ name, generation, error }: CoordinatorEvents['loadError'][0]): void =>
      this.#add(name, { kind: 'load-error', time: Date.now(), generation, reason: null, why: headlineOf(error) })
    const unload = ({ name, generation, reason, why }: CoordinatorEvents['unload'][0]): void =>
      this.#add(name, { kind: 'unload', time: Date.now(), generation, reason, why })
    const crash = ({ name, generation, reason, why }: CoordinatorEvents['crash'][0]): void =>
      this.#add(name, { kind: 'crash', time: Date.now(), generation, reason, why })
    coordinator.on('load', load).on('loadError', loadError).on('unload', unload).on('crash', crash)
    this.#stop = () =>
      void coordinator.off('load', load).off('loadError', loadError).off('unload', unload).off('crash', crash)
  }

  /** Oldest first. */
  of(name: string): readonly Mark[] {
    return this.#marks.get(name) ?? []
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #add(name: string, mark: Mark): void {
    const marks = this.#marks.get(name) ?? []
    marks.push(mark)
    const old = marks.length - 1 - mostSentences
    const before = marks[old]
    if (before) marks[old] = { ...before, why: null }
    if (marks.length > mostMarks) marks.shift()
    // The last in the map is the one that changed last.
    this.#marks.delete(name)
    this.#marks.set(name, marks)
    if (this.#marks.size <= mostComponents) return
    for (const oldest of this.#marks.keys()) {
      this.#marks.delete(oldest)
      break
    }
  }
}
