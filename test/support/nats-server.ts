import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endsWithParent, natsProgram, notChecked } from './nats-program.ts'

export interface NatsServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** bytes of the largest message. Default 1 MiB, the server's own. */
  readonly maxPayload?: number
  readonly users?: readonly NatsUser[]
  /** Files; clients must have a certificate of `ca` where there is one. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** More text of the configuration. */
  readonly config?: string
}

export interface NatsUser {
  readonly user: string
  readonly password: string
  /** Text of the configuration, with its braces. Default: everything is allowed. */
  readonly permissions?: string
}

/** ms in which a server answers, on a busy machine; three that elect a leader as well. */
const readyWithin = 30_000
/** Another one may take a port that was free a moment ago. */
const attempts = 5

/**
 * A nats-server on loopback, with JetStream and a store of its own. It ends with whoever started it: by `stop`, or with the process, however that ends.
 */
export class NatsServer implements AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly #monitor: number
  readonly #folder: string
  readonly #arguments: readonly string[]
  readonly #removed = (): void => this.#remove()
  #process: ChildProcess | undefined
  #log = ''

  private constructor(folder: string, ports: { client: number; monitor: number }, config: string, scheme: string) {
    this.port = ports.client
    this.#monitor = ports.monitor
    this.#folder = folder
    // Certificates are for names.
    this.url = `${scheme}://${scheme === 'tls' ? 'localhost' : '127.0.0.1'}:${ports.client}`
    const file = join(folder, 'nats.conf')
    writeFileSync(file, config)
    this.#arguments = ['--config', file]
    process.on('exit', this.#removed)
  }

  /** Resolves when it answers, JetStream included. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    return again(async () => {
      const server = await NatsServer.#prepare(options, '')
      await NatsServer.#startAll([server])
      return server
    })
  }

  /** Three that keep what they store three times. Resolves when they have elected a leader. */
  static async cluster(options: Omit<NatsServerOptions, 'port'> = {}): Promise<NatsServer[]> {
    return again(async () => {
      const ports = [await quietPort(), await quietPort(), await quietPort()]
      const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ')
      const servers = await Promise.all(
        ports.map(async (port) =>
          NatsServer.#prepare(options, `cluster { name: test, host: 127.0.0.1, port: ${port}, routes: [${routes}] }`),
        ),
      )
      await NatsServer.#startAll(servers)
      return servers
    })
  }

  static async #prepare(options: NatsServerOptions, cluster: string): Promise<NatsServer> {
    const ports = { client: options.port ?? (await quietPort()), monitor: await quietPort() }
    const folder = mkdtempSync(join(tmpdir(), 'spillway-nats-'))
    const config = configuration(options, ports, folder, cluster)
    return new NatsServer(folder, ports, config, options.tls ? 'tls' : 'nats')
  }

  static async #startAll(servers: readonly NatsServer[]): Promise<void> {
    try {
      for (const server of servers) server.#spawn()
      await Promise.all(servers.map(async (server) => server.ready()))
    } catch (error) {
      await Promise.all(servers.map(async (server) => server.stop()))
      throw error
    }
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('The nats-server is not running')
    return pid
  }

  /** What it has printed. */
  get log(): string {
    return this.#log
  }

  /** Resolves when it answers, JetStream included. */
  async ready(): Promise<void> {
    const end = performance.now() + readyWithin
    while (!(await this.#isHealthy())) {
      if (!this.#isRunning) throw new Error(`nats-server has ended: ${this.#log}`)
      if (performance.now() > end) throw new Error(`nats-server does not answer: ${this.#log}`)
      await sleep(10)
    }
  }

  async #isHealthy(): Promise<boolean> {
    return this.monitor('healthz').then(
      (health) => (health as { status?: string }).status === 'ok',
      () => false,
    )
  }

  /** What its monitoring says: `connz`, `varz`, `jsz` and so on. */
  async monitor(path: string): Promise<unknown> {
    return (await fetch(`http://127.0.0.1:${this.#monitor}/${path}`)).json()
  }

  /** Connections of clients that it has now. */
  async connections(): Promise<number> {
    return ((await this.monitor('connz')) as { num_connections: number }).num_connections
  }

  /** SIGKILL; what it has stored stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ended if it still runs, and started again on the same port, with the same store. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM')
    this.#spawn()
    await this.ready()
  }

  /** Killed, and started again on the same port with an empty store. */
  async restartEmpty(): Promise<void> {
    await this.kill()
    rmSync(join(this.#folder, 'store'), { recursive: true, force: true })
    this.#spawn()
    await this.ready()
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    process.off('exit', this.#removed)
    this.#remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #spawn(): void {
    if (natsProgram === undefined) throw new Error(notChecked)
    const command = [...(endsWithParent ? [endsWithParent, '--pdeathsig', 'KILL', '--'] : []), natsProgram]
    const [program = natsProgram, ...before] = command
    const child = spawn(program, [...before, ...this.#arguments], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.on('error', (error) => (this.#log += String(error)))
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    }
    this.#process = child
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (!child || !this.#isRunning) return
    const ended = once(child, 'exit')
    child.kill(signal)
    // One that was stopped takes no other signal.
    child.kill('SIGCONT')
    await ended
  }

  get #isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  #remove(): void {
    this.#process?.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function configuration(
  { maxPayload, users, tls, config = '' }: NatsServerOptions,
  ports: { client: number; monitor: number },
  folder: string,
  cluster: string,
): string {
  const user = ({ user, password, permissions }: NatsUser): string =>
    `{ user: "${user}", password: "${password}"${permissions ? `, permissions: ${permissions}` : ''} }`
  return [
    `server_name: "s${ports.client}"`,
    `listen: "127.0.0.1:${ports.client}"`,
    `http: "127.0.0.1:${ports.monitor}"`,
    `jetstream { store_dir: "${join(folder, 'store')}", max_file_store: 1GB, max_memory_store: 64MB }`,
    ...(maxPayload === undefined ? [] : [`max_payload: ${maxPayload}`]),
    ...(users ? [`authorization { users: [ ${users.map(user).join(', ')} ] }`] : []),
    ...(tls
      ? [
          `tls { cert_file: "${tls.cert}", key_file: "${tls.key}"${tls.ca ? `, ca_file: "${tls.ca}", verify: true` : ''} }`,
        ]
      : []),
    cluster,
    config,
  ].join('\n')
}

async function again<T>(start: () => Promise<T>): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await start()
    } catch (error) {
      if (left <= 1 || !String(error).includes('address already in use')) throw error
    }
  }
}

/**
 * A free port below those that the system gives to outgoing connections: nobody gets it by chance while the server is being restarted, and no client
 * that tries to connect meanwhile can meet itself there.
 */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const listener = createServer()
    const free = await new Promise<boolean>((resolve) => {
      listener.once('error', () => resolve(false))
      listener.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => listener.close(resolve))
    return port
  }
}
