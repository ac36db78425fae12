import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { withDeadline } from '../../base/deadline.ts'
import { sibling } from './sibling.ts'

const program = fileURLToPath(sibling('host-program'))
/** ms that a host has to hand over what it has and to end. */
const patience = 8_000

/** A host in a process of its own. */
export class HostProcess implements AsyncDisposable {
  readonly name: string
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(name: string, process: ChildProcess) {
    this.name = name
    this.#process = process
    this.#ended = once(process, 'exit')
  }

  /** Resolves when it has joined. @throws Error when it ends instead. */
  static async start(name: string, server: string, folder: string): Promise<HostProcess> {
    const host = new HostProcess(name, fork(program, [name, server, folder]))
    const ready = once(host.#process, 'message').then(() => true)
    const ended = host.#ended.then(() => false)
    if (!(await Promise.race([ready, ended]))) throw new Error(`Host ${name} ended before it had joined`)
    return host
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** As a machine does that loses power. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** It leaves in order; where that takes too long it is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    if ((await withDeadline(this.#ended, patience)) === undefined) this.kill()
    await this.#ended
  }
}
