import { describe, expect, it } from 'vitest'
import type { Announcement } from '../../../src/cluster/announcement.ts'
import { placeComponent, placeKey } from '../../../src/cluster/placement.ts'
import type { Placed } from '../../../src/cluster/placement.ts'
import { rendezvous } from '../../../src/cluster/rendezvous.ts'
import { announcement, component, family, GiB, knownHosts } from './announcements.ts'

const none = (): number => 0
const namesOf = (placed: Placed): string | string[] =>
  'none' in placed ? placed.none : placed.use.map(({ id }) => id.name)

function offering(
  name: string,
  parts: Partial<Announcement> & { loaded?: never; has?: number; inFlight?: number },
): Announcement {
  const { has = 0, inFlight = 0, ...rest } = parts
  return announcement(name, { ...rest, offers: [component('prices', { loaded: has, inFlight })] })
}

describe('a component is placed', () => {
  it('where it is loaded, fewest in flight first', () => {
    const hosts = knownHosts(
      offering('a', { has: 1, inFlight: 5 }),
      offering('b', { has: 1, inFlight: 2 }),
      offering('c', { room: 64 * GiB }),
      announcement('d'),
    )
    expect(namesOf(placeComponent(hosts, 'prices', none))).toEqual(['b', 'a'])
    expect(namesOf(placeComponent(hosts, 'prices', (session) => (session === 'b-1' ? 6 : 0)))).toEqual(['a', 'b'])
  })

  it('where there is most room, when nobody has it loaded', () => {
    const hosts = knownHosts(
      offering('a', { room: GiB }),
      offering('b', { room: 3 * GiB }),
      offering('c', { room: 2 * GiB }),
    )
    expect(namesOf(placeComponent(hosts, 'prices', none))).toEqual(['b'])
  })

  it('not where pressure is high, unless it is loaded there and nobody else can', () => {
    const pressed = offering('a', { has: 1, level: 'high' })
    expect(namesOf(placeComponent(knownHosts(pressed, offering('b', {})), 'prices', none))).toEqual(['b'])
    expect(namesOf(placeComponent(knownHosts(pressed, offering('b', { level: 'critical' })), 'prices', none))).toEqual([
      'a',
    ])
    expect(namesOf(placeComponent(knownHosts(offering('b', { level: 'high' })), 'prices', none))).toBe(
      'nobody that offers it takes anything new: b is at high pressure',
    )
  })

  it('not where the host is leaving, and nowhere where nobody offers it', () => {
    const leaving = offering('a', { has: 1, leaving: true })
    expect(namesOf(placeComponent(knownHosts(leaving, offering('b', {})), 'prices', none))).toEqual(['b'])
    expect(namesOf(placeComponent(knownHosts(leaving), 'prices', none))).toContain('a is leaving')
    expect(namesOf(placeComponent(knownHosts(leaving), 'orders', none))).toBe(
      'no host that is known offers it: a offers prices',
    )
  })

  it('says what the hosts have, and that it is a family', () => {
    const hosts = knownHosts(...Array.from({ length: 7 }, (_, i) => announcement(`h${i}`)))
    expect(namesOf(placeComponent(hosts, 'prices', none))).toBe(
      'no host that is known offers it: h0 offers nothing; h1 offers nothing; h2 offers nothing; h3 offers nothing; h4 offers nothing; and 2 more',
    )
    expect(namesOf(placeComponent([], 'prices', none))).toBe('no host is known')
    expect(namesOf(placeComponent(knownHosts(books('a')), 'books', none))).toBe(
      'it is a family of host "a": family("books").get(key)',
    )
    expect(placeKey(knownHosts(offering('a', {})), 'prices', 'k')).toEqual({
      none: 'it is a component of host "a", and no family: component("prices")',
    })
  })
})

const books = (name: string, parts: Partial<Announcement> = {}): Announcement =>
  announcement(name, { offers: [family('books')], ...parts })
const ownerOf = (announcements: readonly Announcement[]): ((key: string) => string) => {
  const hosts = knownHosts(...announcements)
  return (key) => {
    const placed = placeKey(hosts, 'books', key)
    return 'none' in placed ? placed.none : placed.id.name
  }
}

describe('a key is placed', () => {
  it('at the same host, in whatever order the hosts are known', () => {
    const hosts = knownHosts(books('a'), books('b'), books('c'))
    for (const key of ['x', 'y', 'z', '']) {
      expect(placeKey(hosts, 'books', key)).toBe(placeKey(hosts.toReversed(), 'books', key))
    }
  })

  it('neither where pressure is high nor at who leaves, and nowhere where nobody offers it', () => {
    const owner = ownerOf([books('a', { level: 'high' }), books('b', { leaving: true }), books('c'), announcement('d')])
    expect(new Set(Array.from({ length: 50 }, (_, i) => owner(`k${i}`)))).toEqual(new Set(['c']))
    expect(ownerOf([books('a', { level: 'critical' })])('x')).toBe(
      'nobody that offers the family takes anything new: a is at critical pressure',
    )
    expect(ownerOf([announcement('a')])('x')).toBe('no host that is known offers the family: a offers nothing')
  })
})

const keys = Array.from({ length: 10_000 }, (_, i) => `SYMBOL-${i}`)
/** GiB. */
const rooms = [8, 8, 10, 10, 12, 12, 12, 14, 14, 16]
const tenHosts = rooms.map((room, i) => books(`host-${i}`, { room: room * GiB }))

describe('10,000 keys over 10 hosts', () => {
  it('are within 10% of even by memory', () => {
    const owner = ownerOf(tenHosts)
    const counts = new Map<string, number>()
    for (const key of keys) counts.set(owner(key), (counts.get(owner(key)) ?? 0) + 1)
    const total = rooms.reduce((sum, room) => sum + room)
    const shares = rooms.map((room, i) => (counts.get(`host-${i}`) ?? 0) / ((keys.length * room) / total))
    for (const share of shares) expect(Math.abs(share - 1)).toBeLessThan(0.1)
  })

  it('move only from the host that leaves, and only to the one that joins', () => {
    const owner = ownerOf(tenHosts)
    const without = ownerOf(tenHosts.slice(1))
    const joined = ownerOf([...tenHosts, books('host-10', { room: 8 * GiB })])
    const moved = (to: typeof owner): string[] => keys.filter((key) => to(key) !== owner(key))
    expect(new Set(moved(without).map(owner))).toEqual(new Set(['host-0']))
    expect(new Set(moved(joined).map(joined))).toEqual(new Set(['host-10']))
  })

  it('move by at most 1/n where the hosts are alike', () => {
    const alike = rooms.map((_, i) => books(`host-${i}`))
    const owner = ownerOf(alike)
    const joined = ownerOf([...alike, books('host-10')])
    expect(keys.filter((key) => joined(key) !== owner(key)).length).toBeLessThanOrEqual(keys.length / alike.length)
  })
})

describe('rendezvous', () => {
  it('gives nothing to a weight of 0 while there is another, and all the same where there is none', () => {
    const pick = (weights: readonly number[]): Set<string | undefined> => {
      const candidates = weights.map((weight, i) => ({ name: `${i}`, weight }))
      return new Set(keys.slice(0, 100).map((key) => rendezvous(candidates, key)?.name))
    }
    expect(pick([0, 1])).toEqual(new Set(['1']))
    expect(pick([0, 0])).toEqual(new Set(['0', '1']))
    expect(pick([])).toEqual(new Set([undefined]))
  })
})
