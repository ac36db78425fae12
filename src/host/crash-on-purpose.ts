import { queueMicrotask } from '../base/timers.ts'

/** A test wants to see what becomes of it: this worker dies as a component's own fault would have it die. */
export function crashOnPurpose(how: 'exit' | 'error'): void {
  if (how === 'exit') process.exit(1)
  // A rejection that nobody handles would be one too, but for flags that say otherwise.
  queueMicrotask(() => {
    throw new Error('crashed on purpose, by crash() of spillway/testing')
  })
}
