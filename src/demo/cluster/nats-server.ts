import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from '../../base/deadline.ts'

/** Debian has it in /usr/sbin, which is not on everybody's PATH. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/usr/local/bin']
/** ms in which it says where it listens, on a busy machine, and in which it ends. */
const patience = { start: 20_000, end: 5_000 }

/** There is no nats-server; the message says how to get one. */
export class NoNatsServer extends Error {
  constructor() {
    super(
      'There is no nats-server on PATH, which carries the calls between the hosts.\nDebian, Ubuntu: sudo apt-get install nats-server. Elsewhere: the page "Download" of NATS has it as a single file.',
    )
  }
}

/** A nats-server with JetStream on a free port of this machine, which keeps what it stores in a folder that is given. */
export class NatsServer implements AsyncDisposable {
  readonly url: string
  readonly #process: ChildProcess

  private constructor(url: string, process: ChildProcess) {
    this.url = url
    this.#process = process
  }

  /** @throws NoNatsServer. @throws Error when it does not come up. */
  static async start(folder: string): Promise<NatsServer> {
    const program = folders.map((each) => join(each, 'nats-server')).find(isProgram)
    if (program === undefined) throw new NoNatsServer()
    const store = join(folder, 'store')
    const args = [
      '--addr',
      '127.0.0.1',
      '--port',
      '-1',
      '--jetstream',
      '--store_dir',
      store,
      '--ports_file_dir',
      folder,
    ]
    // In a group of its own: Ctrl-C in the terminal is not for it.
    const server = spawn(program, args, { stdio: 'ignore', detached: true })
    const kill = (): void => void server.kill('SIGKILL')
    process.on('exit', kill)
    server.once('exit', () => process.off('exit', kill))
    const ports = join(folder, `nats-server_${server.pid}.ports`)
    const end = performance.now() + patience.start
    while (!existsSync(ports)) {
      if (server.exitCode !== null || performance.now() > end) {
        kill()
        throw new Error(`${program} ${args.join(' ')} did not come up`)
      }
      await sleep(20)
    }
    return new NatsServer(urlIn(ports), server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    if ((await withDeadline(ended, patience.end)) === undefined) this.#process.kill('SIGKILL')
    await ended
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function urlIn(file: string): string {
  const { nats } = JSON.parse(readFileSync(file, 'utf8')) as { nats: readonly string[] }
  const [url] = nats
  if (url === undefined) throw new Error('nats-server listens nowhere')
  return url
}
