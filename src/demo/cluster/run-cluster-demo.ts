import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { joinCluster } from '../../cluster/index.ts'
import type { Cluster } from '../../cluster/index.ts'
import { withDeadline } from '../../base/deadline.ts'
import { ComponentCoordinator } from '../../index.ts'
import { openDashboard } from '../open-dashboard.ts'
import { stopSignal } from '../stop-signal.ts'
import { claimTtl } from './claim-ttl.ts'
import type { ClusterDemoOptions } from './cluster-demo-options.ts'
import { HostProcess } from './host-process.ts'
import { Load } from './load.ts'
import { NatsServer } from './nats-server.ts'
import { verdictOf } from './outcomes.ts'
import type { Verdict } from './outcomes.ts'

const names = ['north', 'south', 'east']
const books = 12
/** Share of the time after which one is killed. */
const killAfter = 0.4
/** ms in which every key is to be served again, at most; and in which calls under way come to their end. */
const patience = { again: claimTtl + 5_000, calls: 10_000 }

/** Three hosts under load, of which one is killed; watched by this process, which is a host that offers nothing. */
export async function runClusterDemo({ duration, port }: ClusterDemoOptions): Promise<void> {
  const began = performance.now()
  const stopped = stopSignal()
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  const tell = (text: string): void => say(`${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}`)
  await using ending = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'spillway-cluster-'))
  ending.defer(() => rmSync(folder, { recursive: true, force: true }))
  const orders = join(folder, 'orders')
  mkdirSync(orders)
  const server = ending.use(await NatsServer.start(folder))
  const hosts = await Promise.all(
    names.map(async (name) => ending.use(await HostProcess.start(name, server.url, orders))),
  )
  const coordinator = new ComponentCoordinator({ logger: pino({ level: 'error' }, pino.destination(2)) })
  ending.use(coordinator)
  const cluster = ending.use(await joinCluster(coordinator, { servers: server.url, name: 'desk', claimTtl }))
  const token = randomBytes(16).toString('hex')
  const { dashboard, address } = await openDashboard(coordinator, port, token)
  ending.use(dashboard)
  say(`Dashboard:  ${address.url}/#token=${token}`)
  say(`Hosts:      ${hosts.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`)
  say(`It ends after ${duration / 1_000} s, or at Ctrl-C.\n`)
  // From here on: how long hosts take to start is the machine's.
  const stop = AbortSignal.any([stopped, AbortSignal.timeout(duration)])

  const load = new Load(
    cluster,
    Array.from({ length: books }, (_, at) => `book-${at + 1}`),
    stop,
  )
  const working = load.run()
  tell(`${books} books and 'prices' are called 10 times a second each`)
  await pause(duration * killAfter, stop)
  if (!stop.aborted) await killOne(cluster, load, hosts, tell, stop)
  await pause(duration, stop)

  tell('the load ends')
  await withDeadline(working, patience.calls)
  say(`\n${told(verdictOf(load.placed, orders), load)}`)
}

/** Kills the host with the most keys, and tells who serves them afterwards, and since when. */
async function killOne(
  cluster: Cluster,
  load: Load,
  hosts: readonly HostProcess[],
  tell: (text: string) => void,
  stop: AbortSignal,
): Promise<void> {
  const before = await owners(cluster, load.keys)
  tell(`keys: ${counted(before)}`)
  const [victim] = hosts.toSorted((a, b) => owned(before, b.name).length - owned(before, a.name).length)
  if (!victim) return
  const lost = owned(before, victim.name)
  tell(`kill -9 of ${victim.name}, which owns ${lost.length} keys`)
  const killedAt = Date.now()
  victim.kill()
  load.watch()
  const waited = [...lost, 'prices']
  const end = performance.now() + patience.again
  while (!stop.aborted && performance.now() < end && waited.some((who) => load.firstAnswer(who) === undefined)) {
    await pause(50, stop)
  }
  const after = lost.flatMap((key) => load.firstAnswer(key) ?? []).toSorted((a, b) => a - b)
  const priced = load.firstAnswer('prices')
  tell(
    priced === undefined ? `'prices' was not answered again` : `'prices' was answered again after ${seconds(priced)}`,
  )
  const middle = after[Math.floor(after.length / 2)]
  tell(
    middle === undefined
      ? 'none of its keys was served again'
      : `${after.length} of its ${lost.length} keys were served elsewhere: the first after ${seconds(after[0])}, half of them after ${seconds(middle)}, the last after ${seconds(after.at(-1))}; a claim lasts ${seconds(claimTtl)}`,
  )
  const move = cluster.moves().findLast(({ time, key }) => time >= killedAt && lost.includes(key))
  if (move) tell(`why, of ${move.family}:${move.key}: ${move.why}`)
  tell(`keys: ${counted(await owners(cluster, load.keys))}`)
}

async function owners(cluster: Cluster, keys: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
  return new Map(await Promise.all(keys.map(async (key) => [key, await cluster.where('books', key)] as const)))
}

function owned(all: ReadonlyMap<string, string | undefined>, host: string): string[] {
  return [...all].flatMap(([key, owner]) => (owner === host ? [key] : []))
}

function counted(all: ReadonlyMap<string, string | undefined>): string {
  const nobody = [...all.values()].filter((owner) => owner === undefined).length
  return [
    ...names.map((name) => `${name} ${owned(all, name).length}`),
    ...(nobody > 0 ? [`nobody ${nobody}`] : []),
  ].join(', ')
}

function told(verdict: Verdict, { prices }: Load): string {
  const { answered, unknown, unknownThatRan, notBegun, lost, twice, falselyNotBegun, stale } = verdict
  return [
    `${answered} orders were acknowledged, ${unknown} ended with outcome unknown (${unknownThatRan} of them ran), ${notBegun} were not begun.`,
    `${prices.answered} prices were answered, ${prices.unknown + prices['not-begun']} were not.`,
    `On disk: ${lost} acknowledged orders lost, ${twice} run twice, ${falselyNotBegun} run that were said not to have begun, ${stale} taken under a claim that was over.`,
  ].join('\n')
}

const seconds = (ms = 0): string => `${(ms / 1_000).toFixed(1)} s`

/** @param ms of this process's time; ends early when everything is over. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => {})
}
