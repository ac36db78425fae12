import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * ms for which a thread serves calls one after another before everything else in it has its turn. Guessed: well under what a person or a
 * heartbeat notices, and long enough that the detour through the event loop, some 5 µs, is lost in it.
 */
const longest = 20

/** What waits for a turn, in the order of arrival, whichever connection it came on. */
let waiting: (() => void)[] = []
let spent = 0

/**
 * Runs `serve` at once, or, once this thread has served for long without a pause, in a later turn of its event loop; in the context it was given
 * in either way.
 */
export function inTurn(serve: () => void): void {
  if (waiting.length === 0 && spent < longest) {
    run(serve)
    return
  }
  waiting.push(AsyncLocalStorage.bind(serve))
  if (waiting.length === 1) setImmediate(nextTurn)
}

function nextTurn(): void {
  spent = 0
  let served = 0
  while (served < waiting.length && spent < longest) run(waiting[served++] ?? (() => {}))
  waiting = waiting.slice(served)
  if (waiting.length > 0) setImmediate(nextTurn)
}

function run(serve: () => void): void {
  const start = performance.now()
  serve()
  spent += performance.now() - start
}
