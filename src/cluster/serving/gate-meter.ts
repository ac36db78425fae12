import { monotonicNow } from '../../base/monotonic.ts'
import type { MethodPath } from '../../channel/protocol.ts'
import type { ServedMeter } from '../../channel/served-calls.ts'
import { messageOf } from '../../contract/describe-value.ts'

/** What comes through the gates of one offer: calls, streams until their end, and what was not begun. */
export class GateMeter implements ServedMeter {
  /** Calls. */
  inFlight = 0
  calls = 0
  errors = 0
  lastError = ''
  /** ms of all calls together, until `#since`. */
  #time = 0
  /** ms of the monotonic clock. */
  #since = 0

  /** ns of all calls together, those that are under way until now. */
  get time(): number {
    this.#passed(monotonicNow())
    return this.#time * 1e6
  }

  callStarted(now: number): void {
    this.#passed(now)
    this.inFlight++
    this.calls++
  }

  callEnded(failed: boolean): void {
    this.#passed(monotonicNow())
    this.inFlight--
    if (failed) this.errors++
  }

  answerFailed(): void {
    this.errors++
  }

  failed(_method: MethodPath, thrown: unknown): void {
    this.lastError = messageOf(thrown)
  }

  /** Deadlines are looked after by the component's own worker. */
  callBegins(): void {}

  deadlineOver(): void {}

  stepBegins(): () => void {
    return () => {}
  }

  #passed(now: number): void {
    this.#time += this.inFlight * (now - this.#since)
    this.#since = now
  }
}
