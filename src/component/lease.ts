import type { Remote } from '../contract/remote.ts'
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

/** Keeps that copy in use, and the process alive, until it is given back. */
export function takeLease(copy: LeasePort): Disposable {
  const letGo = holdProcess(copy)
  return keepInUse(copy, letGo)
}

/**
 * Keeps the process alive, and tells of itself when nothing else does.
 *
 * @returns what ends that, to be called once.
 */
export function holdProcess({ component, surroundings }: LeasePort): () => void {
  const { inContext, keepAlive, logger } = surroundings
  keepAlive.hold()
  const unwatch = inContext(() => watchLease(component, keepAlive, logger))
  return () => {
    unwatch()
    keepAlive.release()
  }
}

/** Keeps that copy in use until it is given back; `onRelease` is called once, then. */
export function keepInUse({ surroundings, usage }: LeasePort, onRelease: () => void = () => {}): Disposable {
  return usage.leases.take(() => {
    onRelease()
    usage.used(surroundings.now())
    if (usage.leases.held === 0) surroundings.busy(false)
  })
}
