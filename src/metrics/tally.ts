import { BucketHistogram, callBounds, loadBounds, unloadBounds } from './bucket-histogram.ts'

/** Loads of one component that may be told in another order than they were begun in. Guessed: more than there are copies at a time. */
const rememberedLoads = 100
export const phases = ['drain', 'dispose', 'terminate'] as const

/** Counts by one label. */
export class Counts extends Map<string, number> {
  add(label: string, by = 1): void {
    this.set(label, (this.get(label) ?? 0) + by)
  }
}

/** How many calls a component has had, as it counts them itself: from 0 again when it is registered anew. */
class Calls {
  #last = 0
  #offset = 0
  /** Generations of the last loads, also those that failed. Copies are loaded side by side, so the order is not always theirs. */
  #begun: number[] = []

  get total(): number {
    return this.#offset + this.#last
  }

  /** A load is over. Generations are counted from 1 again when the component is registered anew, and so are calls. */
  sawGeneration(generation: number): void {
    const isAnew = this.#begun.includes(generation) || generation < Math.max(...this.#begun) - rememberedLoads
    if (isAnew) this.#beginAnew()
    this.#begun = [...(isAnew ? [] : this.#begun.slice(1 - rememberedLoads)), generation]
  }

  saw(calls: number): void {
    if (calls < this.#last) this.#beginAnew()
    this.#last = calls
  }

  #beginAnew(): void {
    this.#offset += this.#last
    this.#last = 0
  }
}

/** What happened to one component, or to the members of one family together, since counting began. It outlives them: what it counts never falls. */
export class Tally {
  readonly callErrors = new Counts()
  readonly loadErrors = new Counts()
  readonly unloads = new Counts()
  readonly crashes = new Counts()
  readonly callDuration = new BucketHistogram(callBounds)
  readonly loadDuration = new BucketHistogram(loadBounds)
  readonly unloadDuration = new Map(phases.map((phase) => [phase, new BucketHistogram(unloadBounds)]))
  loads = 0
  regrets = 0
  released = 0
  retained = 0
  /** By component. */
  readonly #calls = new Map<string, Calls>()
  /** Of components that are gone. */
  #callsBefore = 0

  get calls(): number {
    let sum = this.#callsBefore
    for (const calls of this.#calls.values()) sum += calls.total
    return sum
  }

  sawGeneration(component: string, generation: number): void {
    this.#callsOf(component).sawGeneration(generation)
  }

  /** @param calls as the component counts them. */
  sawCalls(component: string, calls: number): void {
    this.#callsOf(component).saw(calls)
  }

  /** The component is gone: what it has counted stays. */
  left(component: string): void {
    this.#callsBefore += this.#calls.get(component)?.total ?? 0
    this.#calls.delete(component)
  }

  #callsOf(component: string): Calls {
    let calls = this.#calls.get(component)
    if (!calls) {
      calls = new Calls()
      this.#calls.set(component, calls)
    }
    return calls
  }
}
