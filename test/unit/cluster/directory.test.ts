import { describe, expect, it } from 'vitest'
import { Directory } from '../../../src/cluster/directory.ts'
import type { Change } from '../../../src/cluster/directory.ts'
import { announcement, component } from './announcements.ts'

const told = (changes: readonly Change[]): string[] =>
  changes.map(({ type, host }) => `${type} ${host.id.name} ${host.id.session}`)

describe('the directory of hosts', () => {
  it('knows who joined, what changed, and who left', () => {
    const directory = new Directory(5_000)
    expect(told(directory.heard(announcement('b'), 0))).toEqual(['joined b b-1'])
    expect(told(directory.heard(announcement('a'), 10))).toEqual(['joined a a-1'])
    expect(directory.hosts(10).map(({ id }) => id.name)).toEqual(['a', 'b'])
    expect(directory.heard(announcement('a', { sent: 1, room: 7 }), 20)).toEqual([])
    expect(directory.host('a')).toMatchObject({ room: 7, lastHeard: 20 })
    expect(directory.heard(announcement('a', { sent: 2, level: 'high' }), 30)).toMatchObject([
      { type: 'changed', why: 'its pressure went from low to high' },
    ])
    expect(told(directory.saidGoodbye('b-1', 40))).toEqual(['left b b-1'])
    expect(directory.saidGoodbye('b-1', 40)).toEqual([])
    expect(directory.hosts(40).map(({ id }) => id.name)).toEqual(['a'])
  })

  it('tells each thing that others act on', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a'), 0)
    const whys = [
      { offers: [component('prices')] },
      { offers: [component('prices', { loaded: 1 })] },
      { offers: [component('prices', { loaded: 2, inFlight: 9 })] },
      { offers: [component('prices')] },
      {},
      { leaving: true },
    ].map((parts, index) =>
      directory.heard(announcement('a', { ...parts, sent: index + 1 }), index).map(({ why }) => why),
    )
    expect(whys).toEqual([
      ['it offers prices'],
      ['it has loaded prices'],
      [],
      ['it has unloaded prices'],
      ['it no longer offers prices'],
      ['it is leaving'],
    ])
  })

  it('finds who offers something', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a', { offers: [component('prices')] }), 0)
    directory.heard(announcement('b'), 0)
    expect(directory.offering('prices', 0).map(({ id }) => id.name)).toEqual(['a'])
    expect(directory.offering('prices', 5_001)).toEqual([])
  })

  it('takes nothing that is older than what it has', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a', { sent: 5, room: 5 }), 0)
    expect(directory.heard(announcement('a', { sent: 4, room: 4 }), 1)).toEqual([])
    expect(directory.host('a')).toMatchObject({ room: 5, lastHeard: 0 })
  })

  it('leaves out who is silent, tells so once, and forgets who stays so', () => {
    const directory = new Directory(1_000)
    directory.heard(announcement('a'), 0)
    expect(directory.silentSince(1_000)).toEqual([])
    expect(told(directory.silentSince(1_001))).toEqual(['silent a a-1'])
    expect(directory.silentSince(1_002)).toEqual([])
    expect(directory.hosts(1_002)).toEqual([])
    expect(told(directory.heard(announcement('a', { sent: 1 }), 1_500))).toEqual(['back a a-1'])
    expect(directory.hosts(1_500)).toHaveLength(1)
    expect(told(directory.silentSince(21_501))).toEqual(['left a a-1'])
    expect(directory.host('a')).toBeUndefined()
  })

  it('holds nobody silent for time in which this program did not listen', () => {
    const directory = new Directory(1_000)
    directory.heard(announcement('a'), 0)
    directory.excuse(600)
    expect(directory.silentSince(1_600)).toEqual([])
    expect(directory.hosts(1_600)).toHaveLength(1)
    expect(told(directory.silentSince(1_601))).toEqual(['silent a a-1'])
    directory.heard(announcement('a', { sent: 1 }), 2_000)
    expect(told(directory.silentSince(3_001))).toEqual(['silent a a-1'])
  })

  it('takes a new session of a name for a restart, and two that live for a conflict', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a', { session: 'one', sent: 8 }), 0)
    expect(told(directory.heard(announcement('a', { session: 'two' }), 100))).toEqual(['replaced a two'])
    // Still under way when its successor came.
    expect(directory.heard(announcement('a', { session: 'one', sent: 9 }), 200)).toEqual([])
    expect(told(directory.heard(announcement('a', { session: 'one', sent: 10 }), 1_200))).toEqual(['conflict a one'])
    expect(directory.heard(announcement('a', { session: 'one', sent: 11 }), 2_200)).toEqual([])
    expect(directory.host('a')?.id.session).toBe('two')
    directory.saidGoodbye('two', 2_300)
    expect(told(directory.heard(announcement('a', { session: 'one', sent: 12 }), 3_200))).toEqual(['joined a one'])
  })

  it('has a host back as soon as it is heard of after it was found out to be gone', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a', { sent: 3 }), 0)
    expect(told(directory.forget('a-1', 'nobody has its subject', 100))).toEqual(['left a a-1'])
    expect(directory.forget('a-1', 'nobody has its subject', 105)).toEqual([])
    expect(directory.heard(announcement('a', { sent: 3 }), 110)).toEqual([])
    expect(directory.heard(announcement('a', { sent: 4 }), 120)).toMatchObject([
      { type: 'joined', why: 'it was heard of again' },
    ])
    expect(directory.hosts(120)).toHaveLength(1)
  })

  it('is not brought back by what was under way when it said goodbye, but by living on', () => {
    const directory = new Directory(5_000)
    directory.heard(announcement('a'), 0)
    expect(told(directory.saidGoodbye('a-1', 100))).toEqual(['left a a-1'])
    expect(directory.heard(announcement('a', { sent: 1 }), 110)).toEqual([])
    expect(told(directory.heard(announcement('a', { sent: 2 }), 1_110))).toEqual(['joined a a-1'])
  })

  it('is bounded, whatever is made up', () => {
    const directory = new Directory(5_000)
    for (let i = 0; i < 10_100; i++) directory.heard(announcement(`h${i}`), 0)
    expect(directory.hosts(0)).toHaveLength(10_000)
    expect(told(directory.heard(announcement('h1', { sent: 1, leaving: true }), 1))).toEqual(['changed h1 h1-1'])
  })
})
