/** A server, three hosts and a caller, each with a proxy of its own before the server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManyHosts } from '../../cluster/host/many.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'

export const hostNames = ['a', 'b', 'c'] as const
/** ms */
const claimTtl = 1_500

export class World implements AsyncDisposable {
  readonly claimTtl = claimTtl
  readonly folder: string
  readonly server: NatsServer
  readonly many: ManyHosts
  readonly #proxies: ReadonlyMap<string, TcpProxy>

  private constructor(folder: string, server: NatsServer, many: ManyHosts, proxies: ReadonlyMap<string, TcpProxy>) {
    this.folder = folder
    this.server = server
    this.many = many
    this.#proxies = proxies
  }

  static async start(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-soak-'))
    const server = await NatsServer.start()
    const proxies = new Map<string, TcpProxy>()
    for (const name of [...hostNames, 'caller']) proxies.set(name, await TcpProxy.start(server.port))
    const callerServers = proxies.get('caller')?.url ?? ''
    const many = await ManyHosts.start([], { servers: server.url, callerServers, claimTtl, folder })
    const world = new World(folder, server, many, proxies)
    await Promise.all(hostNames.map(async (name) => world.add(name)))
    return world
  }

  /** A host of that name, in place of one that is gone. */
  async add(name: string): Promise<void> {
    await this.many.add(name, {
      servers: this.proxy(name).url,
      offers: ['counter', 'ledger', 'orders'],
      orders: this.ordersFile,
    })
  }

  get ordersFile(): string {
    return join(this.folder, 'orders.sqlite')
  }

  proxy(name: string): TcpProxy {
    const proxy = this.#proxies.get(name)
    if (!proxy) throw new Error(`There is no proxy of ${name}`)
    return proxy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.many[Symbol.asyncDispose]()
    await Promise.all(this.#proxies.values().map(async (proxy) => proxy[Symbol.asyncDispose]()))
    await this.server.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
