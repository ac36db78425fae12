import type { Remote } from '../channel/remote.ts'
import { watchLease } from './leftover-lease.ts'
import type { Surroundings } from './surroundings.ts'
import type { Usage } from './usage.ts'

/** A component that is not unloaded while this is held. Give it back with `using`, or by `release()`. */
export interface Lease<T> extends Disposable {
  readonly component: Remote<T>
  release(): void
}

/** What a lease needs of the component. */
export interface LeasePort {
  readonly component: string
  readonly surroundings: Pick<Surroundings, 'now' | 'inContext' | 'keepAlive' | 'logger' | 'busy'>
  readonly usage: Usage
}

/** Keeps the component in use, and the process alive, until it is given back. */
export function takeLease({ component, surroundings, usage }: LeasePort): Disposable {
  const { now, inContext, keepAlive, logger } = surroundings
  keepAlive.hold()
  const unwatch = inContext(() => watchLease(component, logger))
  return usage.leases.take(() => {
    unwatch()
    usage.used(now())
    keepAlive.release()
    if (usage.leases.held === 0) surroundings.busy(false)
  })
}
