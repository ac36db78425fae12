/** Listeners of the user's that throw, at everything there is to listen to. */
import type { ComponentCoordinator } from '../../../src/index.ts'

const events = ['load', 'loadError', 'unload', 'crash', 'pressure', 'sample', 'exhausted', 'zombie'] as const

export function addThrowingListeners(coordinator: ComponentCoordinator): void {
  for (const event of events) {
    coordinator.on(event, () => {
      throw new Error(`from a listener of ${event}`)
    })
    const rejects = async (): Promise<never> => Promise.reject(new Error(`from an async listener of ${event}`))
    // As a listener that was written without a thought of its promise.
    coordinator.on(event, () => rejects() as unknown as undefined)
  }
  coordinator.watchCalls(() => {
    throw new Error('from a listener of calls')
  })
}
