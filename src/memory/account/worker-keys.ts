import type { Generation } from '../../host/generation.ts'

/** Names workers: a component's name may be registered anew, and its generations count from 1 again. */
export class WorkerKeys {
  readonly #keys = new WeakMap<Generation, string>()
  #last = 0

  of(name: string, generation: Generation | undefined): string {
    if (!generation) return name
    let key = this.#keys.get(generation)
    if (key === undefined) {
      key = `${name} ${++this.#last}`
      this.#keys.set(generation, key)
    }
    return key
  }
}
