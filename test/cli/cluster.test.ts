import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runExplain } from '../../src/cli/commands/explain.ts'
import { runHosts } from '../../src/cli/commands/hosts.ts'
import { runPs } from '../../src/cli/commands/ps.ts'
import { findPrograms } from '../../src/cli/programs.ts'
import { runTop } from '../../src/cli/top/run-top.ts'
import { showCluster } from '../../src/live/joined-cluster.ts'
import { quietCoordinator, sink, until } from '../support/coordinator.ts'
import { FakeCluster, fakeHost, fakeInfo } from '../support/fake-cluster.ts'

const root = mkdtempSync(join(tmpdir(), 'spillway-test-'))
vi.stubEnv('XDG_RUNTIME_DIR', root)
// Other programs of this user are none of these tests'.
vi.stubEnv('TMPDIR', root)
const coordinator = quietCoordinator({ control: true })
coordinator.registerComponent(sink('prices'))
const cluster = new FakeCluster('a', 'b', 'c')
let leave: () => void = () => {}

beforeAll(async () => {
  await until(async () => (await findPrograms()).programs.length === 1)
})
afterAll(async () => {
  leave()
  await coordinator.shutdown()
  rmSync(root, { recursive: true })
})

/** What a command prints; its output is this process's, and so is what it looks at. */
async function said(command: (args: readonly string[]) => Promise<unknown>, ...args: string[]): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  try {
    await command(args)
  } finally {
    write.mockRestore()
  }
  return text
}

describe('a program that has joined a cluster, on the command line', () => {
  it('says nothing of hosts before it has', async () => {
    expect(await said(runPs)).not.toContain('HOST')
    expect(await said(runExplain)).not.toContain('cluster')
    await expect(said(runHosts)).rejects.toThrow('it has not joined a cluster')
  })

  it('is listed with its name there, tells of the hosts, and what moved and why', async () => {
    cluster.told[1] = fakeHost('b', {
      level: 'high',
      room: 0,
      lastSeen: Date.now() - 60_000,
      loaded: ['prices', 'books:BTC'],
    })
    cluster.answers.set('b', [fakeInfo('prices', { calls: 7 }), fakeInfo('books:\u001b[2J', { family: 'books' })])
    const why = 'the claim of a was over'
    cluster.happened.push({ kind: 'taken-over', time: 0, family: 'books', key: 'BTC', from: 'a', to: 'b', why })
    leave = showCluster(coordinator, cluster)
    expect(await said(runPs)).toMatch(new RegExp(`^PID +HOST +UP.*\\n${process.pid} +a +\\d+ s`))
    expect(JSON.parse(await said(runPs, '--host', 'a', '--json'))).toMatchObject([{ cluster: { name: 'a', hosts: 3 } }])
    expect(JSON.parse(await said(runPs, '--host', 'b', '--json'))).toEqual([])
    expect(await said(runExplain)).toMatch(/^host a, of 3 in its cluster/m)
    const hosts = await said(runHosts)
    expect(hosts).toMatch(/^a \(this one\) +low +200 MiB +now +prices$/m)
    expect(hosts).toMatch(/^b +high +0 B +1 m 0 s ago +prices, books:BTC$/m)
    expect(hosts).toMatch(/Taken over books:BTC a → b: the claim of a was over$/m)
    expect(JSON.parse(await said(runHosts, '--json'))).toMatchObject({
      name: 'a',
      hosts: [{ name: 'a', self: true }, { name: 'b', level: 'high' }, { name: 'c' }],
      moves: [{ kind: 'taken-over', why }],
    })
  })

  it('explains another host, and a component there, as far as that tells', async () => {
    const host = await said(runExplain, '--host', 'b')
    expect(host).toMatch(/^host b: pressure high, room for 0 B, seen 1 m 0 s ago$/m)
    expect(host).toMatch(/^ +prices: loaded, 8.0 MiB$/m)
    expect(host).not.toContain('\u001b')
    const component = await said(runExplain, 'prices', '--host', 'b')
    expect(component).toMatch(/^prices at host b: loaded for 1 m 0 s/)
    expect(component).toContain('7 calls, 0 failed')
    expect(component).not.toContain('next round')
    expect(await said(runExplain, '--host', 'a')).toMatch(/^ +prices: unloaded/m)
    await expect(said(runExplain, '--host', 'd')).rejects.toThrow('there is no host "d"')
    await expect(said(runExplain, '--host', 'c')).rejects.toThrow('c does not answer')
    await expect(said(runExplain, 'orders', '--host', 'b')).rejects.toThrow('host b has no component "orders"')
  })

  it('has the components of all hosts in top, or of one', async () => {
    const [all, one] = [await said(runTop, '--once'), await said(runTop, '--once', '--host', 'b', '--sort', 'name')]
    expect(all).toMatch(/, host a of 3$/m)
    expect(all).toMatch(/^COMPONENT +HOST +STATE/m)
    expect(all).toMatch(/^prices +a +unloaded/m)
    expect(all).toMatch(/^prices +b +loaded +8.0 MiB/m)
    expect(one.split('\n').filter((line) => line.startsWith('prices'))).toEqual([expect.stringMatching(/^prices +b /)])
  })
})
