import { setTimeout as sleep } from 'node:timers/promises'
import {
  isCallTimeoutError,
  isComponentCrashedError,
  isNoHostError,
  isOverloadedError,
  isStaleOwnerError,
} from '../../../src/index.ts'
import { begun } from './record.ts'
import type { Entry } from './record.ts'
import type { Answer } from './recording.ts'

export interface Outcome {
  readonly call: string
  /** Undefined when it was answered. */
  readonly error: unknown
  /** ms on the clock of `performance`. */
  readonly began: number
  /** ms */
  readonly took: number
  /** Of the host that answered, where the answer says so. */
  readonly host: string | undefined
}

/** ms before the next one, of a caller whose call was refused. */
const afterError = 10

/** Callers that make one call after the other until they are told to stop; no two calls have the same name. */
export class Load {
  readonly outcomes: Outcome[] = []
  readonly #callers: readonly Promise<void>[]
  #answered = 0
  #isOver = false

  /** @param pace ms between two calls of a caller. */
  constructor(width: number, name: () => string, make: (call: string) => Promise<unknown>, pace = 0) {
    this.#callers = Array.from({ length: width }, async () => {
      while (!this.#isOver) {
        if (pace > 0) await sleep(pace)
        await this.#call(name(), make)
      }
    })
  }

  get answered(): number {
    return this.#answered
  }

  /** Resolves when each call has settled. */
  async stop(): Promise<readonly Outcome[]> {
    this.#isOver = true
    await Promise.all(this.#callers)
    return this.outcomes
  }

  async #call(call: string, make: (call: string) => Promise<unknown>): Promise<void> {
    const began = performance.now()
    try {
      const answer = (await make(call)) as Partial<Answer> | undefined
      this.#answered++
      this.outcomes.push({ call, error: undefined, began, took: performance.now() - began, host: answer?.host })
    } catch (error) {
      this.outcomes.push({ call, error, began, took: performance.now() - began, host: undefined })
      await sleep(afterError)
    }
  }
}

/** What the record has against what callers were told: what was answered ran once, what was refused did not run, nothing ran twice. */
export function contradictions(outcomes: readonly Outcome[], record: readonly Entry[]): string[] {
  const times = new Map<string, number>()
  for (const { call } of begun(record)) times.set(call, (times.get(call) ?? 0) + 1)
  return outcomes.flatMap(({ call, error }) => {
    const ran = times.get(call) ?? 0
    const [least, most] = error === undefined ? [1, 1] : [0, mayHaveRun(error) ? 1 : 0]
    return ran >= least && ran <= most ? [] : [`${call} ran ${ran} times, and its caller was told: ${String(error)}`]
  })
}

/** Whether the caller cannot know. */
function mayHaveRun(error: unknown): boolean {
  if (isComponentCrashedError(error)) return error.outcome === 'unknown'
  return isCallTimeoutError(error)
}

/** Errors that no fault explains. */
export const unexpected = (outcomes: readonly Pick<Outcome, 'error'>[]): unknown[] =>
  outcomes
    .map(({ error }) => error)
    .filter(
      (error) =>
        error !== undefined &&
        !isComponentCrashedError(error) &&
        !isCallTimeoutError(error) &&
        !isNoHostError(error) &&
        !isOverloadedError(error) &&
        !isStaleOwnerError(error),
    )
