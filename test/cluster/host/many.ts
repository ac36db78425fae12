import { join } from 'node:path'
import { pino } from 'pino'
import { joinCluster } from '../../../src/cluster/index.ts'
import type { Cluster } from '../../../src/cluster/index.ts'
import { ComponentCoordinator } from '../../../src/index.ts'
import type { Remote } from '../../../src/index.ts'
import { HostProcess } from './host-process.ts'
import type { HostOptions } from './program.ts'
import { readRecord } from './record.ts'
import type { Entry } from './record.ts'
import type recording from './recording.ts'

export type Recording = Remote<typeof recording>

export interface ManyOptions {
  readonly servers: string | readonly string[]
  /** ms. */
  readonly claimTtl: number
  /** For what the hosts share. */
  readonly folder: string
  /** Where this process connects to. Default: `servers`. */
  readonly callerServers?: string | readonly string[]
}

/** Hosts in processes of their own, and this process, which has joined as one that offers nothing and calls the others. */
export class ManyHosts implements AsyncDisposable {
  readonly cluster: Cluster
  readonly #options: ManyOptions
  readonly #hosts = new Map<string, HostProcess>()
  readonly #coordinator: ComponentCoordinator
  #calls = 0

  private constructor(options: ManyOptions, coordinator: ComponentCoordinator, cluster: Cluster) {
    this.#options = options
    this.#coordinator = coordinator
    this.cluster = cluster
  }

  static async start(names: readonly string[], options: ManyOptions): Promise<ManyHosts> {
    const coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), autoUnloadEnabled: false })
    const servers = options.callerServers ?? options.servers
    const cluster = await joinCluster(coordinator, {
      servers: typeof servers === 'string' ? servers : [...servers],
      name: 'caller',
      claimTtl: options.claimTtl,
    })
    const many = new ManyHosts(options, coordinator, cluster)
    await Promise.all(names.map(async (name) => many.add(name)))
    return many
  }

  /** A host of that name, in place of one that is gone. */
  async add(name: string, more: Partial<HostOptions> = {}): Promise<HostProcess> {
    const { servers, claimTtl, folder } = this.#options
    const host = await HostProcess.start({
      name,
      servers,
      claimTtl,
      record: join(folder, 'record'),
      store: join(folder, 'store'),
      offers: ['counter', 'ledger'],
      ...more,
    })
    this.#hosts.set(name, host)
    return host
  }

  host(name: string | undefined): HostProcess {
    const host = this.#hosts.get(name ?? '')
    if (!host) throw new Error(`There is no host ${name}`)
    return host
  }

  get counter(): Recording {
    return this.cluster.component<typeof recording>('counter')
  }

  ledger(key: string): Recording {
    return this.cluster.family<typeof recording>('ledger').get(key)
  }

  /** A name for a call that no other has. */
  call(what = 'call'): string {
    return `${what}-${++this.#calls}`
  }

  get record(): Entry[] {
    return readRecord(join(this.#options.folder, 'record'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hosts.values().map(async (host) => host.kill()))
    await this.cluster.leave()
    await this.#coordinator.shutdown()
  }
}
