import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../support/nats-program.ts'
import type { FromHost, HostOptions, Operations } from './program.ts'

/** A host in a process of its own, and what is asked of it. It ends with whoever started it, however that ends. */
export class HostProcess implements AsyncDisposable {
  readonly name: string
  readonly #process: ChildProcess
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #joined = Promise.withResolvers<void>()
  #next = 0
  #log = ''

  private constructor(options: HostOptions) {
    this.name = options.name
    const path = fileURLToPath(new URL('program.ts', import.meta.url))
    this.#process = fork(path, [JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      // Most of a start is the stripping of types.
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../node_modules/.cache/node-compile', import.meta.url)),
      },
      // Before Node's own: with a stopped process there is nobody who hears that the channel is gone.
      ...(endsWithParent && {
        execPath: endsWithParent,
        execArgv: ['--pdeathsig', 'KILL', '--', process.execPath, '--disable-warning=ExperimentalWarning'],
      }),
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    }
    this.#process.on('message', (message: FromHost) => this.#heard(message))
    this.#process.once('exit', (code, signal) => {
      const gone = new Error(`Host ${this.name} has ended (${signal ?? code}): ${this.#log}`)
      for (const { reject } of [this.#joined, ...this.#asked.values()]) reject(gone)
      this.#asked.clear()
    })
    this.#joined.promise.catch(() => {})
  }

  /** Resolves when it has joined and offers what it is to offer. */
  static async start(options: HostOptions): Promise<HostProcess> {
    const host = new HostProcess(options)
    await host.#joined.promise
    return host
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** What it has printed. */
  get log(): string {
    return this.#log
  }

  async ask<Name extends keyof Operations>(
    operation: Name,
    ...values: Parameters<Operations[Name]>
  ): Promise<Awaited<ReturnType<Operations[Name]>>> {
    const id = ++this.#next
    const answer = Promise.withResolvers<unknown>()
    this.#asked.set(id, answer)
    this.#process.send({ id, operation, values })
    return (await answer.promise) as Awaited<ReturnType<Operations[Name]>>
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  /** SIGSTOP: it does nothing at all, and its connections stay. */
  stop(): void {
    this.#process.kill('SIGSTOP')
  }

  continue(): void {
    this.#process.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #heard(message: FromHost): void {
    if (message.type === 'joined') return this.#joined.resolve()
    const asked = this.#asked.get(message.id)
    this.#asked.delete(message.id)
    if (message.type === 'answer') asked?.resolve(message.value)
    else asked?.reject(new Error(`Host ${this.name}: ${message.text}`))
  }
}
