import type { Remote } from '../channel/remote.ts'

/** A component that is not unloaded while this is held. Give it back with `using`, or by `release()`. */
export interface Lease<T> extends Disposable {
  readonly component: Remote<T>
  release(): void
}
