import type { CoordinatorEvents } from '../contract/events.ts'
import type { Observed } from './observed.ts'

/** What began or ended a generation. */
export interface Mark {
  readonly kind: 'load' | 'unload' | 'crash'
  /** Epoch ms. */
  readonly time: number
  readonly generation: number
  /** Why it was unloaded, or how it crashed; of a load null. */
  readonly reason: string | null
}

/** Of one component: its last hundred marks, some fifty generations. Guessed: more would not be told apart on a plot. */
const mostMarks = 100
/** Components whose marks are kept, those of which something happened last: keys of families come and go without end. */
const mostComponents = 2_000

/** Remembers when each component was loaded, unloaded and lost, for longer than the feed has room. */
export class ComponentMarks implements Disposable {
  readonly #marks = new Map<string, Mark[]>()
  readonly #stop: () => void

  constructor(coordinator: Observed) {
    const load = ({ name, generation }: CoordinatorEvents['load'][0]): void => this.#add(name, 'load', generation, null)
    const unload = ({ name, generation, reason }: CoordinatorEvents['unload'][0]): void =>
      this.#add(name, 'unload', generation, reason)
    const crash = ({ name, generation, reason }: CoordinatorEvents['crash'][0]): void =>
      this.#add(name, 'crash', generation, reason)
    coordinator.on('load', load).on('unload', unload).on('crash', crash)
    this.#stop = () => void coordinator.off('load', load).off('unload', unload).off('crash', crash)
  }

  /** Oldest first. */
  of(name: string): readonly Mark[] {
    return this.#marks.get(name) ?? []
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #add(name: string, kind: Mark['kind'], generation: number, reason: string | null): void {
    const marks = this.#marks.get(name) ?? []
    marks.push({ kind, time: Date.now(), generation, reason })
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
