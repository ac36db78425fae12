import { placeComponent } from '../placement.ts'
import type { KnownHost, PeerId } from '../directory.ts'
import { Route } from './route.ts'

/** Hosts that the calls of one component are spread over from here. Guessed: no caller keeps more of them busy. */
const mostHosts = 8

/** A component of the cluster: its calls go to those that have it loaded, each to the one with the fewest in flight. */
export class ComponentRoute extends Route {
  protected place(): void {
    const placed = placeComponent(this.candidates, this.name, (session) => this.underWayAt(session))
    const { connected } = this
    if ('none' in placed) {
      if (connected.length === 0) this.noHost(placed.none)
      return
    }
    const loaded = placed.use.filter((host) => (host.offer(this.name)?.loaded ?? 0) > 0)
    // It is being loaded where the first call went.
    if (connected.length > 0 && loaded.length === 0) return
    const chosen = (loaded.length > 0 ? loaded : placed.use).slice(0, mostHosts)
    for (const host of chosen) {
      if (!connected.some(({ session }) => session === host.id.session)) this.#connect(host)
    }
    const stays = new Set(chosen.map(({ id }) => id.session))
    const served = connected.some(({ session }) => stays.has(session))
    if (served) for (const { session } of connected) if (!stays.has(session)) this.retire(session)
  }

  protected answered({ session }: PeerId): void {
    this.avoid(session)
  }

  protected avoidRefused({ session }: PeerId): void {
    this.avoid(session)
  }

  protected served(): boolean {
    return true
  }

  protected lost({ session }: PeerId): void {
    this.avoid(session)
  }

  protected get isLoaded(): boolean {
    return this.home.hosts().some((host) => (host.offer(this.name)?.loaded ?? 0) > 0)
  }

  #connect({ id }: KnownHost): void {
    const elsewhere = (): number => {
      const host = this.home.host(id.name)
      return Math.max(0, (host?.offer(this.name)?.inFlight ?? 0) - this.underWayAt(id.session))
    }
    this.connect(id, { kind: 'component', name: this.name }, elsewhere)
  }
}
