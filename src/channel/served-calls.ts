import { monotonicNow } from '../base/monotonic.ts'
import { messageOf } from '../contract/describe-value.ts'
import { codeOf } from '../contract/errors/base.ts'
import type { ActivityMeter } from './activity.ts'
import { methodName } from './protocol.ts'
import type { MethodPath } from './protocol.ts'

/** What one caller has asked of a component. */
export interface CallerCount {
  /** The component that calls; undefined: the main thread. */
  readonly name: string | undefined
  readonly calls: number
  readonly errors: number
  /** ms of the monotonic clock; 0: it has not called yet. */
  readonly lastCall: number
}

/** What calls were answered with that failed, those that are alike once. */
export interface ServedError {
  /** Of the last of them: ms of the monotonic clock. */
  readonly time: number
  /** As in CallerCount. */
  readonly from: string | undefined
  readonly method: string
  readonly name: string
  readonly code: string | undefined
  readonly message: string
  /** How many of them. */
  readonly count: number
}

export interface ServedCalls {
  readonly callers: readonly CallerCount[]
  /** The last ones, the latest last. */
  readonly errors: readonly ServedError[]
}

/** Errors that are remembered. Guessed: more are not read, and each is kept in every worker. */
const rememberedErrors = 10
/** Characters of a message. Guessed. */
const messageCharacters = 500

/** Is told of what is served. */
export type ServedMeter = Pick<
  ActivityMeter,
  'callStarted' | 'callEnded' | 'answerFailed' | 'callBegins' | 'stepBegins' | 'deadlineOver'
> & {
  /** What a call was answered with. */
  failed?(method: MethodPath, thrown: unknown): void
}

/** Meters what one caller asks, over all its connections: as part of all that is asked, and by itself. */
export class CallerMeter implements ServedMeter {
  readonly #meter: ActivityMeter
  readonly #book: ServedCallsBook
  readonly #name: string | undefined
  #calls = 0
  #errors = 0
  #lastCall = 0

  constructor(meter: ActivityMeter, book: ServedCallsBook, name: string | undefined) {
    this.#meter = meter
    this.#book = book
    this.#name = name
  }

  get count(): CallerCount {
    return { name: this.#name, calls: this.#calls, errors: this.#errors, lastCall: this.#lastCall }
  }

  callStarted(now: number): void {
    this.#calls++
    this.#lastCall = now
    this.#meter.callStarted(now)
  }

  callEnded(failed: boolean): void {
    if (failed) this.#errors++
    this.#meter.callEnded(failed)
  }

  answerFailed(): void {
    this.#errors++
    this.#meter.answerFailed()
  }

  failed(method: MethodPath, thrown: unknown): void {
    this.#book.failed(this.#name, method, thrown)
  }

  callBegins(deadline: number): void {
    this.#meter.callBegins(deadline)
  }

  stepBegins(timeout: number): () => void {
    return this.#meter.stepBegins(timeout)
  }

  deadlineOver(deadline: number): void {
    this.#meter.deadlineOver(deadline)
  }
}

/** The calls that a component was asked by each of its callers, and what those that failed came to. */
export class ServedCallsBook {
  readonly #meter: ActivityMeter
  readonly #callers = new Map<string | undefined, CallerMeter>()
  readonly #onFailed: () => void
  #errors: RecentErrors | undefined

  /**
   * @param meter of all that is asked.
   * @param onFailed a call has failed, and there is more to tell.
   */
  constructor(meter: ActivityMeter, onFailed: () => void) {
    this.#meter = meter
    this.#onFailed = onFailed
  }

  /** @param name of a component; undefined: the main thread. */
  of(name: string | undefined): CallerMeter {
    let meter = this.#callers.get(name)
    if (!meter) this.#callers.set(name, (meter = new CallerMeter(this.#meter, this, name)))
    return meter
  }

  failed(from: string | undefined, method: MethodPath, thrown: unknown): void {
    this.#errors ??= new RecentErrors()
    this.#errors.add({ ...errorWords(thrown), time: monotonicNow(), from, method: methodName(method), count: 1 })
    this.#onFailed()
  }

  get all(): ServedCalls {
    return { callers: Array.from(this.#callers.values(), ({ count }) => count), errors: this.#errors?.all ?? [] }
  }
}

/** The last errors, those that are alike as one. */
export class RecentErrors {
  readonly #errors = new Map<string, ServedError>()

  add(error: ServedError): void {
    const { from, method, name, code, message } = error
    const key = JSON.stringify([from, method, name, code, message])
    const before = this.#errors.get(key)
    // Put at the end again: the order is that of the last of each.
    this.#errors.delete(key)
    this.#errors.set(key, { ...error, count: error.count + (before?.count ?? 0) })
    const oldest = this.#errors.size > rememberedErrors ? this.#errors.keys().next().value : undefined
    if (oldest !== undefined) this.#errors.delete(oldest)
  }

  get all(): readonly ServedError[] {
    return [...this.#errors.values()]
  }
}

/** Whatever was thrown, without failing. */
function errorWords(thrown: unknown): Pick<ServedError, 'name' | 'code' | 'message'> {
  const code = codeOf(thrown)
  const text = messageOf(thrown)
  return {
    name: nameOf(thrown),
    code: typeof code === 'string' ? code : undefined,
    message: text.length > messageCharacters ? `${text.slice(0, messageCharacters)}…` : text,
  }
}

function nameOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.name === 'string') return thrown.name
  } catch {
    // A getter or a proxy that throws.
  }
  return typeof thrown
}
