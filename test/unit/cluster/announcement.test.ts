import { assert, json, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAnnouncement, encodeAnnouncement, largestAnnouncement } from '../../../src/cluster/announcement.ts'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import { announcement, component, family } from './announcements.ts'

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

describe('an announcement', () => {
  it('is read as it was written', () => {
    const told = announcement('a', {
      offers: [component('prices', { loaded: 1, inFlight: 3, queued: 1 }), family('books')],
      loaded: ['prices', 'books:BTC-USD'],
      level: 'high',
    })
    expect(decodeAnnouncement(encodeAnnouncement(told))).toEqual(told)
  })

  it('has the first 200 names of what is loaded, and fewer where they are long', () => {
    const names = Array.from({ length: 500 }, (_, i) => `books:${i}`)
    expect(decodeAnnouncement(encodeAnnouncement(announcement('a', { loaded: names })))?.loaded).toEqual(
      names.slice(0, 200),
    )
    const long = names.map((name) => name + '\u{1F600}'.repeat(190))
    const bytes = encodeAnnouncement(announcement('a', { loaded: long }))
    expect(bytes.length).toBeLessThanOrEqual(largestAnnouncement)
    expect(decodeAnnouncement(bytes)?.loaded).toEqual(long.slice(0, 50))
  })

  it('is refused where its offers do not fit, and hundreds do', () => {
    const offers = (count: number): { offers: ReturnType<typeof component>[] } => ({
      offers: Array.from({ length: count }, (_, i) => component(`orders-of-somebody-${i}`)),
    })
    expect(decodeAnnouncement(encodeAnnouncement(announcement('a', offers(800))))?.offers).toHaveLength(800)
    expect(() => encodeAnnouncement(announcement('a', offers(2_000)))).toThrow(
      expect.toSatisfy((error) => isInvalidOptionsError(error) && error.message.includes('2000 offers')),
    )
  })

  it.for([
    ['another version', { v: 2 }],
    ['a name that is no token', { name: 'a.b' }],
    ['no session', { session: '' }],
    ['a level that there is not', { level: 'none' }],
    ['no figure for its room', { room: null }],
    ['room below 0', { room: -1 }],
    ['offers that are none', { offers: [{ name: 'x' }] }],
    ['names that are none', { loaded: [1] }],
    ['no word whether it is leaving', { leaving: 1 }],
  ] as const)('is none with %s', ([, part]) => {
    const told = announcement('a')
    expect(decodeAnnouncement(bytesOf(told))).toEqual(told)
    expect(decodeAnnouncement(bytesOf({ ...told, ...part }))).toBeUndefined()
  })

  it('is not what anybody else publishes there, and nothing is thrown', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => decodeAnnouncement(bytes) === undefined),
      { numRuns: 300 },
    )
    assert(
      property(json(), (text) => decodeAnnouncement(Buffer.from(text)) === undefined),
      { numRuns: 300 },
    )
    expect(decodeAnnouncement(Buffer.alloc(largestAnnouncement + 1, ' '))).toBeUndefined()
  })
})
