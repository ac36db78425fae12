import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer } from './subject-process.ts'
import type { Setup, Value } from './suite.ts'

/** Which contender of which case, and how it is measured. */
export interface Assignment {
  /** Of the suite. */
  readonly module: URL
  readonly id: string
  readonly name: string
  readonly setup: Setup
  readonly execArgv: readonly string[]
  /** ms for getting ready, and for a round; without limit somebody's endless loop would be ours. */
  readonly deadline: number
}

/** A contender in a process of its own, ready for the rounds of one case. */
export class Subject implements AsyncDisposable {
  readonly #child
  readonly #deadline

  private constructor({ module, id, name, setup, execArgv, deadline }: Assignment) {
    this.#deadline = deadline
    this.#child = fork(new URL('subject-process.ts', import.meta.url), [module.href, id, name, JSON.stringify(setup)], {
      serialization: 'advanced',
      execArgv: [...process.execArgv, ...execArgv],
      // What anybody logs or warns of would stand among the progress.
      env: { ...process.env, SPILLWAY_LOG_LEVEL: 'silent', NODE_NO_WARNINGS: '1' },
    })
  }

  static async start(assignment: Assignment): Promise<Subject> {
    const subject = new Subject(assignment)
    try {
      await subject.#answer()
      return subject
    } catch (error) {
      await subject[Symbol.asyncDispose]()
      throw error
    }
  }

  round(): Promise<readonly Value[]> {
    this.#child.send('round')
    return this.#answer()
  }

  async #answer(): Promise<readonly Value[]> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const ended = (code: number | null, signal: string | null): void => resolve({ error: `exit ${code ?? signal}` })
    const timer = setTimeout(() => resolve({ error: `no answer within ${this.#deadline} ms` }), this.#deadline)
    this.#child.on('message', resolve).on('exit', ended)
    const answer = await promise
    this.#child.off('message', resolve).off('exit', ended)
    clearTimeout(timer)
    if ('error' in answer) throw new Error(answer.error)
    return answer.figures
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    // It ends by itself when nobody listens any more; whoever does not has a second for it.
    if (this.#child.connected) this.#child.disconnect()
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 1_000)
    await gone
    clearTimeout(kill)
  }
}
