import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Entry } from './contenders.ts'
import type { Row } from './rows.ts'
import type { Answer } from './subject-process.ts'

type Figures = readonly (number | undefined)[]

/** ms for getting ready, and for a round; without limit somebody's endless loop would be ours. */
const deadline = 30_000

/** A contender in a process of its own, ready for the rounds of one row. */
export class Subject implements AsyncDisposable {
  readonly #child

  private constructor({ name }: Entry, { id }: Row, time: number) {
    this.#child = fork(new URL('subject-process.ts', import.meta.url), [name, id, String(time)], {
      serialization: 'advanced',
      env: { ...process.env, SPILLWAY_LOG_LEVEL: 'silent' },
    })
  }

  /** @param time ms for each thing that is repeated. */
  static async start(contender: Entry, row: Row, time: number): Promise<Subject> {
    const subject = new Subject(contender, row, time)
    try {
      await subject.#answer()
      return subject
    } catch (error) {
      await subject[Symbol.asyncDispose]()
      throw error
    }
  }

  round(): Promise<Figures> {
    this.#child.send('round')
    return this.#answer()
  }

  async #answer(): Promise<Figures> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const ended = (code: number | null, signal: string | null): void => resolve({ error: `exit ${code ?? signal}` })
    const timer = setTimeout(() => resolve({ error: `no answer within ${deadline} ms` }), deadline)
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
