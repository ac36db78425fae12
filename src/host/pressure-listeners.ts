import { withDeadline } from '../base/deadline.ts'
import { expectFunction } from '../base/option-checks.ts'
import type { ComponentContext } from '../contract/component-context.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'

/** ms that listeners may take before what they have dropped so far is collected. */
const deadline = 200

type PressureListener = Parameters<ComponentContext['onPressure']>[0]

/** What of a component wants to know when memory is short. */
export class PressureListeners {
  readonly #listeners = new Set<PressureListener>()

  get size(): number {
    return this.#listeners.size
  }

  /** @returns what takes it out again. */
  add(listener: PressureListener): () => void {
    expectFunction('onPressure(listener)', listener)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Resolves once all have dropped what they could, or time is up. @param failed given what one threw. */
  async tell(level: PressureLevel, failed: (error: unknown) => void): Promise<void> {
    const told = Promise.allSettled([...this.#listeners].map(async (listener) => listener(level)))
    for (const result of (await withDeadline(told, deadline)) ?? []) {
      if (result.status === 'rejected') failed(result.reason)
    }
  }
}
