import { CoordinatorShutdownError } from '../../contract/errors.ts'
import type { Route, RouteHome } from './route.ts'

/** The remotes of the cluster that somebody here holds, or whose calls are under way. */
export class Routes {
  readonly home: RouteHome
  readonly #byName = new Map<string, WeakRef<Route>>()
  /** Those with calls under way: nobody else may hold them. */
  readonly #busy = new Set<Route>()
  readonly #forgotten = new FinalizationRegistry<string>((name) => {
    if (!this.#byName.get(name)?.deref()) this.#byName.delete(name)
  })
  #closed: unknown

  constructor(home: Omit<RouteHome, 'busy'>) {
    this.home = { ...home, busy: (route, busy) => this.#isBusy(route, busy) }
  }

  /** The remote of that name, made if nobody has it. */
  get(name: string, make: () => Route): object {
    const known = this.#byName.get(name)?.deref()
    if (known) return known.remote
    const route = make()
    if (this.#closed) route.close(this.#closed)
    this.#byName.set(name, new WeakRef(route))
    // Whoever holds the remote, or a member of it, holds the route.
    this.#forgotten.register(route, name)
    return route.remote
  }

  /** Hosts have come, gone, or changed. */
  look(): void {
    for (const each of this.#byName.values()) each.deref()?.look()
  }

  /** New calls reject; those that are under way are settled by their hosts, or with the cluster. */
  stop(): void {
    this.#closed ??= leftError()
    for (const each of this.#byName.values()) each.deref()?.stop(this.#closed)
  }

  end(): void {
    for (const each of this.#byName.values()) each.deref()?.close(this.#closed ?? leftError())
    this.#byName.clear()
    this.#busy.clear()
  }

  #isBusy(route: Route, busy: boolean): void {
    if (busy) this.#busy.add(route)
    else this.#busy.delete(route)
  }
}

/** Of all that is asked for once this program has left. */
export function leftError(): CoordinatorShutdownError {
  return new CoordinatorShutdownError('This program has left the cluster')
}
