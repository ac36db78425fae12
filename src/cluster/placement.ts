import type { PressureLevel } from '../contract/pressure-level.ts'
import type { KnownHost } from './directory.ts'
import { rendezvous } from './rendezvous.ts'

/** Hosts to ask, the best one first; or why there is none, as NoHostError says it. */
export type Placed = { readonly use: readonly KnownHost[] } | { readonly none: string }

/**
 * A component goes to hosts that have it loaded, the one with fewest calls in flight first; where none has, to the one with most room. Where pressure is high nothing new
 * is begun as long as there is anybody else; where it is high everywhere, those that have it loaded serve on.
 *
 * @param own calls of this host that are in flight at that session: what it told is a second old.
 */
export function placeComponent(hosts: readonly KnownHost[], name: string, own: (session: string) => number): Placed {
  const offering = hosts.filter((host) => host.offer(name)?.kind === 'component')
  const able = offering.filter(({ leaving }) => !leaving)
  const isLoaded = (host: KnownHost): boolean => (host.offer(name)?.loaded ?? 0) > 0
  const inFlight = (host: KnownHost): number => Math.max(host.offer(name)?.inFlight ?? 0, own(host.id.session))
  const byInFlight = (a: KnownHost, b: KnownHost): number => inFlight(a) - inFlight(b) || byRoom(a, b)
  const calm = able.filter(takesNew)
  const loaded = calm.filter(isLoaded)
  if (loaded.length > 0) return { use: loaded.toSorted(byInFlight) }
  if (calm.length > 0) return { use: calm.toSorted(byRoom).slice(0, 1) }
  const last = able.filter(isLoaded)
  return last.length > 0 ? { use: last.toSorted(byInFlight) } : { none: whyNone(offering, 'offers it') }
}

/** Where a key that nobody has is to be claimed: by rendezvous over the room of those that offer its family and take something new. */
export function placeKey(
  hosts: readonly KnownHost[],
  family: string,
  key: string,
): KnownHost | { readonly none: string } {
  const offering = hosts.filter((host) => host.offer(family)?.kind === 'family')
  const candidates = offering
    .filter((host) => !host.leaving && takesNew(host))
    .map((host) => ({ name: host.id.name, weight: host.room, host }))
  return rendezvous(candidates, `${family}\0${key}`)?.host ?? { none: whyNone(offering, 'offers the family') }
}

const busyLevels: readonly PressureLevel[] = ['high', 'critical']

function takesNew(host: KnownHost): boolean {
  return !busyLevels.includes(host.level)
}

function byRoom(a: KnownHost, b: KnownHost): number {
  return b.room - a.room || (a.id.name < b.id.name ? -1 : 1)
}

function whyNone(offering: readonly KnownHost[], offers: string): string {
  if (offering.length === 0) return `no host that is known ${offers}`
  const each = offering.map(
    ({ id, leaving, level }) => `${id.name} ${leaving ? 'is leaving' : `is at ${level} pressure`}`,
  )
  const shown = each.length > 5 ? [...each.slice(0, 5), `and ${each.length - 5} more`] : each
  return `nobody that ${offers} takes anything new: ${shown.join(', ')}`
}
