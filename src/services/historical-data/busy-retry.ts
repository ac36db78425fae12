import { systemTiming } from '../timing/timing.ts'
import { DatabaseLockedError } from './errors.ts'
import { explainSqliteError, isBusy } from './sqlite-error.ts'

/** Waits between attempts, ms; the last one repeats. Short at first, as most locks are held for a few ms. */
const DELAYS = [1, 2, 5, 10, 20, 50]

export interface BusyRetryOptions {
  path: string
  /** ms */
  timeout: number
  /** Ends the wait with its reason. */
  signal: AbortSignal
  /** Who holds the lock, for the message. */
  holder: () => string
}

/**
 * Runs `attempt`, again and again while the database is locked, until `timeout`. SQLite's own busy timeout would do the
 * same but block the thread: no other call would be served, and the worker could be neither measured nor ended.
 *
 * `attempt` must leave nothing behind when it fails.
 * @throws DatabaseLockedError after the timeout, InvalidOptionsError for a file that is damaged or may not be written.
 */
export async function retryWhileLocked<T>(attempt: () => T, options: BusyRetryOptions): Promise<T> {
  const { path, timeout, signal, holder } = options
  const deadline = performance.now() + timeout
  for (let tries = 0; ; tries++) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error)) throw explainSqliteError(error, path)
      const left = deadline - performance.now()
      if (left <= 0) throw new DatabaseLockedError(path, timeout, holder(), { cause: error })
      await systemTiming.sleep(Math.min(left, DELAYS[Math.min(tries, DELAYS.length - 1)]!), signal)
    }
  }
}
