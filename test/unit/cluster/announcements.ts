import type { Announcement, Offer } from '../../../src/cluster/announcement.ts'
import { Directory } from '../../../src/cluster/directory.ts'
import type { KnownHost } from '../../../src/cluster/directory.ts'

export const GiB = 2 ** 30

export function announcement(name: string, parts: Partial<Announcement> = {}): Announcement {
  return {
    v: 1,
    name,
    session: `${name}-1`,
    claimTtl: 5_000,
    maxSize: 1024 ** 2,
    level: 'low',
    room: GiB,
    offers: [],
    loaded: [],
    leaving: false,
    sent: 0,
    ...parts,
  }
}

export const component = (name: string, parts: Partial<Offer> = {}): Offer => ({
  name,
  kind: 'component',
  loaded: 0,
  inFlight: 0,
  ...parts,
})
export const family = (name: string): Offer => ({ name, kind: 'family', loaded: 0, inFlight: 0 })

/** As a directory has them that heard them just now. */
export function knownHosts(...announcements: readonly Announcement[]): KnownHost[] {
  const directory = new Directory(5_000)
  for (const each of announcements) directory.heard(each, 0)
  return directory.hosts(0)
}
