import { isSpillwayError } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import type { Timing } from '../timing/timing.ts'
import { ConnectorError } from './errors.ts'
import type { ConnectorErrorReason } from './errors.ts'
import { classifyFailure } from './failure.ts'
import type { RateGate } from './rate-gate.ts'
import { decideRetry } from './retry.ts'
import type { RetryPolicy } from './retry.ts'

export interface RequestRunnerOptions {
  readonly exchange: string
  readonly policy: RetryPolicy
  /** ms for one call, waits and retries included. */
  readonly callTimeout: number
  readonly gate: RateGate
  readonly timing: Timing
  /** Aborted when the connector is unloaded. */
  readonly signal: AbortSignal
}

export interface RequestCounts {
  succeeded: number
  failed: number
  retried: number
}

/**
 * Makes requests: held back while the exchange wants that, retried where it makes sense, and ended in time with a
 * ConnectorError.
 */
export class RequestRunner {
  readonly counts: RequestCounts = { succeeded: 0, failed: 0, retried: 0 }
  readonly #options: RequestRunnerOptions
  #lastError: { reason: ConnectorErrorReason; message: string; at: number } | null = null
  #lastFailed = false

  constructor(options: RequestRunnerOptions) {
    this.#options = options
  }

  get lastError(): { readonly reason: ConnectorErrorReason; readonly message: string; readonly at: number } | null {
    return this.#lastError
  }

  /** Whether the last call to end was a failure. */
  get lastFailed(): boolean {
    return this.#lastFailed
  }

  /** @throws ConnectorError; errors of this package as they are. */
  async run<T>(operation: string, request: () => Promise<T>): Promise<T> {
    const { exchange, callTimeout, signal, timing } = this.#options
    const progress = { attempts: 0, lastCause: undefined as unknown }
    const timedOut = (): Error =>
      new ConnectorError(
        { exchange, operation, reason: 'timeout', attempts: progress.attempts },
        `no result within ${callTimeout} ms`,
        { cause: progress.lastCause },
      )
    const until = timing.now() + callTimeout
    try {
      const result = await runWithin((abort) => this.#attempt(operation, request, { progress, until, abort }), {
        ms: callTimeout,
        onTimeout: timedOut,
        signal,
      })
      this.counts.succeeded++
      this.#lastFailed = false
      return result
    } catch (error) {
      const failure = signal.aborted ? this.#closed(operation) : error
      if (failure instanceof ConnectorError) {
        this.counts.failed++
        this.#lastFailed = true
        this.#lastError = { reason: failure.reason, message: failure.message, at: timing.now() }
      }
      throw failure
    }
  }

  async #attempt<T>(
    operation: string,
    request: () => Promise<T>,
    call: { progress: { attempts: number; lastCause: unknown }; until: number; abort: AbortSignal },
  ): Promise<T> {
    const { exchange, gate, policy, timing } = this.#options
    const { progress, until, abort } = call
    const left = (): number => until - timing.now()
    const giveUp = (
      reason: ConnectorErrorReason,
      retryAfter: number | undefined,
      message: string,
      cause: unknown,
    ): Error =>
      new ConnectorError({ exchange, operation, reason, attempts: progress.attempts, retryAfter }, message, { cause })
    for (;;) {
      const { wait } = gate
      if (wait > left()) {
        const message = `the exchange wants no request for ${wait} ms`
        throw giveUp('rate-limited', wait, message, progress.lastCause)
      }
      if (wait > 0) {
        await timing.sleep(wait, abort)
        // Meanwhile another request, or another connector, may have been told to wait longer.
        continue
      }
      progress.attempts++
      try {
        return await request()
      } catch (error) {
        if (isSpillwayError(error)) throw error
        abort.throwIfAborted()
        progress.lastCause = error
        const failure = classifyFailure(error)
        const outcome = {
          failure,
          attempt: progress.attempts,
          left: left(),
          demanded: gate.wait,
          random: timing.random(),
        }
        const decision = decideRetry(outcome, policy)
        if (decision.kind === 'give-up') throw giveUp(failure.reason, decision.retryAfter, failure.message, error)
        this.counts.retried++
        await timing.sleep(decision.delay, abort)
      }
    }
  }

  #closed(operation: string): ConnectorError {
    const { exchange, signal } = this.#options
    return new ConnectorError({ exchange, operation, reason: 'closed' }, 'the connector is being unloaded', {
      cause: signal.reason,
    })
  }
}
