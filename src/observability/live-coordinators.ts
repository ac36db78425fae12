/** Shared by all copies of this package in the process. */
const key = Symbol.for('spillway.coordinators')

type Shared = { [key]?: number }

/** Coordinators in this process that are not shut down. */
export const liveCoordinators = (): number => (globalThis as Shared)[key] ?? 0

/** One more; disposed of when it is shut down. */
export function joinCoordinators(): Disposable {
  ;(globalThis as Shared)[key] = liveCoordinators() + 1
  let leave = (): void => {
    leave = () => {}
    ;(globalThis as Shared)[key] = liveCoordinators() - 1
  }
  return { [Symbol.dispose]: () => leave() }
}
