/** A host of a cluster in a process of its own. It does what it is asked over its channel, and ends with whoever started it. */
import { pino } from 'pino'
import { joinCluster } from '../../../src/cluster/index.ts'
import type { ClusterMove } from '../../../src/cluster/index.ts'
import { ComponentCoordinator } from '../../../src/index.ts'
import type hog from '../../fixtures/hog.ts'
import { standStill } from '../../support/stand-still.ts'
import type { OrdersConfig } from './orders.ts'
import type orders from './orders.ts'
import type recording from './recording.ts'

export interface HostOptions {
  readonly name: string
  readonly servers: string | readonly string[]
  /** ms. */
  readonly claimTtl: number
  readonly subjectPrefix?: string
  /** The file that all hosts share. */
  readonly record: string
  /** A folder that all hosts share: what is written to with a fencing token. */
  readonly store: string
  /** Where the order service keeps its file; without one it is not offered. */
  readonly orders?: string
  readonly offers: readonly string[]
}

export type FromHost =
  | { readonly type: 'joined' }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly text: string }

/** Far beyond what a process holds: only what components report counts. */
const totalLimit = 100 * 1024 ** 3

const options = JSON.parse(process.argv[2] ?? '') as HostOptions
const { name, servers, claimTtl, subjectPrefix, record, store } = options
const coordinator = new ComponentCoordinator({
  logger: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  spareWorkers: 0,
  memory: { totalLimit, minIdleTime: 600_000 },
})
const module = new URL('recording.ts', import.meta.url)
coordinator.registerComponent<typeof recording>({ name: 'counter', module, config: { record, store, host: name } })
coordinator.registerFamily<typeof recording>({
  name: 'ledger',
  module,
  config: (key) => ({ record, store, host: name, key }),
})
if (options.orders !== undefined) {
  const config: OrdersConfig = { path: options.orders, record, store, host: name }
  coordinator.registerFamily<typeof orders>({
    name: 'orders',
    module: new URL('orders.ts', import.meta.url),
    config: () => config,
  })
}
const ballast = coordinator.registerComponent<typeof hog>({
  name: 'ballast',
  module: new URL('../../fixtures/hog.ts', import.meta.url),
  config: { reported: totalLimit * 0.92 },
  pinned: true,
})

const join = async (): Promise<Awaited<ReturnType<typeof joinCluster>>> => {
  const joined = await joinCluster(coordinator, {
    servers: typeof servers === 'string' ? servers : [...servers],
    name,
    claimTtl,
    ...(subjectPrefix !== undefined && { subjectPrefix }),
  })
  await joined.offer([...options.offers])
  return joined
}
let cluster = await join()

const operations = {
  load: async (component: string): Promise<void> => coordinator.preload([component]),
  where: async (component: string, key?: string): Promise<string | undefined> => cluster.where(component, key),
  hosts: (): string[] => cluster.hosts().map((host) => host.name),
  moves: (): readonly ClusterMove[] => cluster.moves(),
  loaded: (): string[] =>
    coordinator
      .list()
      .filter(({ state }) => state === 'ready')
      .map((info) => info.name),
  /** High pressure from now on. */
  press: async (): Promise<void> => {
    await ballast.touch()
    await coordinator.memory.sample()
  },
  relax: async (): Promise<void> => {
    await coordinator.unloadComponent('ballast')
    await coordinator.memory.sample()
  },
  /** Blocks the main thread. The answer comes before. */
  stall: (ms: number): void => void setImmediate(() => standStill(ms)),
  leave: async (): Promise<void> => cluster.leave(),
  rejoin: async (): Promise<void> => void (cluster = await join()),
}
export type Operations = typeof operations

const say = (message: FromHost): void => void process.send?.(message)
process.on('message', ({ id, operation, values }: { id: number; operation: keyof Operations; values: never[] }) => {
  void answer(id, operations[operation], values)
})
async function answer(id: number, run: (...values: never[]) => unknown, values: never[]): Promise<void> {
  try {
    say({ type: 'answer', id, value: await run(...values) })
  } catch (error) {
    say({ type: 'failure', id, text: String(error) })
  }
}
process.once('disconnect', () => process.exit(1))
say({ type: 'joined' })
