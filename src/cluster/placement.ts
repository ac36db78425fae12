import { isAtLeast } from '../memory/decide/pressure.ts'
import type { Offer } from './announcement.ts'
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
  return last.length > 0 ? { use: last.toSorted(byInFlight) } : { none: whyNone(hosts, name, 'component') }
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
  return rendezvous(candidates, `${family}\0${key}`)?.host ?? { none: whyNone(hosts, family, 'family') }
}

function takesNew(host: KnownHost): boolean {
  return !isAtLeast(host.level, 'high')
}

function byRoom(a: KnownHost, b: KnownHost): number {
  return b.room - a.room || (a.id.name < b.id.name ? -1 : 1)
}

/** Hosts that are named one by one. Guessed: more are not read. */
const mostNamed = 5

function whyNone(hosts: readonly KnownHost[], name: string, kind: Offer['kind']): string {
  if (hosts.length === 0) return 'no host is known'
  const offering = hosts.filter((host) => host.offer(name)?.kind === kind)
  if (offering.length > 0) {
    return `nobody that offers ${kind === 'family' ? 'the family' : 'it'} takes anything new: ${listOf(offering, busyWith)}`
  }
  const other = hosts.find((host) => host.offer(name) !== undefined)
  if (other) {
    const quoted = JSON.stringify(name)
    return kind === 'component'
      ? `it is a family of host "${other.id.name}": family(${quoted}).get(key)`
      : `it is a component of host "${other.id.name}", and no family: component(${quoted})`
  }
  const offers = kind === 'family' ? 'offers the family' : 'offers it'
  return `no host that is known ${offers}: ${listOf(hosts, offersOf)}`
}

function busyWith({ id, leaving, level }: KnownHost): string {
  return `${id.name} ${leaving ? 'is leaving' : `is at ${level} pressure`}`
}

function offersOf({ id, offers }: KnownHost): string {
  if (offers.length === 0) return `${id.name} offers nothing`
  const names = offers.slice(0, mostNamed).map(({ name }) => name)
  const more = offers.length > mostNamed ? ` and ${offers.length - mostNamed} more` : ''
  return `${id.name} offers ${names.join(', ')}${more}`
}

function listOf(hosts: readonly KnownHost[], words: (host: KnownHost) => string): string {
  const named = hosts.slice(0, mostNamed).map(words)
  const more = hosts.length > mostNamed ? [`and ${hosts.length - mostNamed} more`] : []
  return [...named, ...more].join('; ')
}
