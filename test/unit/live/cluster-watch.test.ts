import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClusterWatch } from '../../../src/live/cluster-watch.ts'
import { showCluster } from '../../../src/live/joined-cluster.ts'
import type { Tick } from '../../../src/live/schemas.ts'
import { FakeCluster, fakeHost, fakeInfo } from '../../support/fake-cluster.ts'

const coordinator = {}
let now = 0
let watch: ClusterWatch
let leave: () => void = () => {}
const pause = async (): Promise<void> => {}

beforeEach(() => {
  now = 0
  watch = new ClusterWatch(coordinator, () => now)
})
afterEach(() => leave())

function join(cluster: FakeCluster): FakeCluster {
  leave = showCluster(coordinator, cluster)
  return cluster
}
/** Asks, and has the answers taken in. */
async function ask(): Promise<void> {
  watch.ask()
  await new Promise((resolve) => setImmediate(resolve))
}
async function tick(): Promise<Tick['cluster']> {
  const text = await watch.tick(pause)
  return text === undefined ? undefined : (JSON.parse(text) as Tick['cluster'])
}

describe('the cluster that is watched', () => {
  it('is none before it is joined, is told of then, and once more when it is left', async () => {
    expect([watch.snapshot(), await tick()]).toEqual([undefined, undefined])
    join(new FakeCluster('a', 'b'))
    expect(await tick()).toMatchObject({ name: 'a', hosts: [{ name: 'a', self: true }, { name: 'b' }], moves: [] })
    leave()
    expect([await tick(), await tick()]).toEqual([null, undefined])
  })

  it('tells what changed, and what is gone, once', async () => {
    const cluster = join(new FakeCluster('a', 'b', 'c'))
    cluster.answers.set('b', [fakeInfo('prices'), fakeInfo('books:BTC', { family: 'books' })])
    await ask()
    expect((await tick())?.components).toMatchObject([
      { host: 'b', name: 'prices', stale: false },
      { host: 'b', name: 'books:BTC' },
    ])
    now += 1_000
    cluster.answers.set('b', [fakeInfo('prices', { calls: 60 })])
    cluster.told.pop()
    await ask()
    const next = await tick()
    expect(next).toMatchObject({
      hosts: [],
      gone: ['c'],
      goneComponents: ['b\tbooks:BTC'],
      components: [{ callRate: 50 }],
    })
    expect(next).not.toHaveProperty('moves')
    expect(await tick()).toMatchObject({ hosts: [], gone: [], components: [], goneComponents: [] })
    // Who comes later is shown all, and then only what changes.
    expect(watch.snapshot()).toMatchObject({ hosts: [{ name: 'a' }, { name: 'b' }], components: [{ calls: 60 }] })
  })

  it('asks each of the others once a second at most, some at a time, and not again while it has not answered', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `host-${at}`)
    const cluster = join(new FakeCluster('a', ...names))
    for (const name of names) cluster.answers.set(name, [])
    await ask()
    await ask()
    await ask()
    await ask()
    await ask()
    expect(cluster.asked).toEqual(names)
    now += 999
    await ask()
    expect(cluster.asked).toHaveLength(100)
    now += 1
    watch.ask()
    watch.ask()
    expect(cluster.asked).toHaveLength(132)
    expect(cluster.asked).not.toContain('a')
  })

  it('shows what a host said last as stale once it does not answer, and soon nothing but the host', async () => {
    const cluster = join(new FakeCluster('a', 'b'))
    cluster.answers.set('b', [fakeInfo('prices')])
    await ask()
    cluster.answers.delete('b')
    now += 1_000
    await ask()
    expect(watch.snapshot()).toMatchObject({
      hosts: [{}, { name: 'b', answering: 'stale' }],
      components: [{ host: 'b', stale: true, memory: { stale: true } }],
    })
    now += 9_000
    await ask()
    expect(watch.snapshot()).toMatchObject({ hosts: [{}, { name: 'b', answering: 'silent' }], components: [] })
    cluster.answers.set('b', [fakeInfo('prices')])
    now += 1_000
    await ask()
    expect(watch.snapshot()).toMatchObject({ hosts: [{}, { answering: 'current' }], components: [{ stale: false }] })
  })

  it('is bounded: a thousand hosts, and of their components two thousand', async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `host-${at}`)
    const cluster = join(new FakeCluster('a', ...names))
    cluster.told[1] = fakeHost('host-0', { loaded: Array.from({ length: 200 }, (_, at) => `books:${at}`) })
    const many = Array.from({ length: 100 }, (_, at) => fakeInfo(`books:${at}`))
    for (const name of names) cluster.answers.set(name, many)
    await ask()
    const shown = watch.snapshot()
    expect([shown?.hosts.length, shown?.components.length, shown?.hidden]).toEqual([1_001, 2_000, 1_200])
    expect(shown?.hosts[1]).toMatchObject({ loaded: { length: 5 }, moreLoaded: 195 })
  })
})
