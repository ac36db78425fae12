import { callerOfPackage } from '../base/call-site.ts'

/** Shared by all copies of this package in the process. */
const key = Symbol.for('spillway.coordinators')

/** A coordinator that is not shut down, or left workers behind. */
export interface LiveCoordinator {
  readonly coordinator: object
  /** For people. */
  readonly madeAt: string
}

type Shared = { [key]?: Set<LiveCoordinator> }

/** Those of this process. */
export function liveCoordinators(): ReadonlySet<LiveCoordinator> {
  return ((globalThis as Shared)[key] ??= new Set())
}

/** One more; disposed of when it is shut down. */
export function joinCoordinators(coordinator: object): Disposable {
  const all = ((globalThis as Shared)[key] ??= new Set())
  const madeAt = callerOfPackage('ComponentCoordinator')
  const live = {
    coordinator,
    get madeAt() {
      return madeAt()
    },
  }
  all.add(live)
  return { [Symbol.dispose]: () => void all.delete(live) }
}
