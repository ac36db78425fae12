import { expect, test } from 'vitest'
import { decodeAnnouncement, encodeAnnouncement } from '../../../src/cluster/announcement.ts'
import type { Announcement } from '../../../src/cluster/announcement.ts'
import { Directory } from '../../../src/cluster/directory.ts'

const hosts = 1_000
const seconds = 4

/** With 20 offers, and 20 of its instances loaded. */
function announcement(index: number, sent: number): Announcement {
  const offers = Array.from({ length: 20 }, (_, i) => ({
    name: `component-${i}`,
    kind: 'component' as const,
    loaded: 1,
    inFlight: (index + sent) % 7,
  }))
  const loaded = offers.map(({ name }) => name)
  const name = `host-${index}`
  return {
    v: 1,
    name,
    session: `${name}-1`,
    claimTtl: 5_000,
    maxSize: 64 * 1024 ** 2,
    level: 'low',
    room: 2 ** 30,
    offers,
    loaded,
    leaving: false,
    sent,
  }
}

test('a thousand hosts that tell how they stand once a second are known, for few bytes and little time', () => {
  const directory = new Directory(5_000)
  const changes = new Map<string, number>()
  let bytes = 0
  let time = 0
  for (let second = 0; second < seconds; second++) {
    const told = Array.from({ length: hosts }, (_, index) => encodeAnnouncement(announcement(index, second)))
    bytes += told.reduce((sum, { length }) => sum + length, 0)
    const begin = process.cpuUsage()
    for (const each of told) {
      const heard = decodeAnnouncement(each)
      if (!heard) throw new Error('it is none')
      for (const { type } of directory.heard(heard, second * 1_000)) changes.set(type, (changes.get(type) ?? 0) + 1)
    }
    directory.silentSince(second * 1_000)
    directory.offering('component-3', second * 1_000)
    const { user, system } = process.cpuUsage(begin)
    time += (user + system) / 1_000
  }
  process.stdout.write(
    `${hosts} hosts: ${Math.round(bytes / seconds / 1_000)} kB and ${(time / seconds).toFixed(1)} ms of processor time a second\n`,
  )
  expect(changes).toEqual(new Map([['joined', hosts]]))
  expect(directory.hosts(seconds * 1_000)).toHaveLength(hosts)
  expect(bytes / seconds / hosts).toBeLessThan(2_000)
})
