import { AsyncLocalStorage } from 'node:async_hooks'
import { monotonicNow } from '../base/monotonic.ts'
import { setImmediate } from '../base/timers.ts'

/**
 * ms for which a thread serves calls one after another before everything else in it has its turn. Guessed: well under what a person or a
 * heartbeat notices, and long enough that the detour through the event loop, some 5 µs, is lost in it.
 */
const longest = 20

/** What waits for a turn, in the order of arrival, whichever connection it came on. */
let waiting: (() => void)[] = []
let spent = 0

/** Whether what has just arrived may be served at once: nothing else waits, and this thread has not served for long without a pause. */
export function isTurn(): boolean {
  return waiting.length === 0 && !isOver()
}

function isOver(): boolean {
  return spent >= longest
}

/** Something was served at once, for so many ms. */
export function hasServed(time: number): void {
  spent += time
}

/** Runs `serve` in a later turn of the event loop, in the context it was given in. */
export function inLaterTurn(serve: () => void): void {
  waiting.push(AsyncLocalStorage.bind(serve))
  if (waiting.length === 1) setImmediate(nextTurn)
}

function nextTurn(): void {
  spent = 0
  let served = 0
  while (served < waiting.length && !isOver()) run(waiting[served++] ?? (() => {}))
  waiting = waiting.slice(served)
  if (waiting.length > 0) setImmediate(nextTurn)
}

function run(serve: () => void): void {
  const start = monotonicNow()
  serve()
  hasServed(monotonicNow() - start)
}
