import type { InContext } from '../base/context.ts'
import { setTimeout } from '../base/timers.ts'

/** ms from one warning to the next. Guessed: few enough to be read, and soon enough to be seen while it happens. */
const interval = 10_000

type State =
  | { readonly status: 'quiet' }
  | { readonly status: 'gathering'; readonly lines: number; readonly last: string }

/** Tells, by warnings of the process, what its logger did not write: the first line at once, what follows together. */
export class LostLines {
  readonly #inContext: InContext
  #state: State = { status: 'quiet' }

  constructor(inContext: InContext) {
    this.#inContext = inContext
  }

  /** @param failure why, and which line it was. */
  add(failure: string): void {
    if (this.#state.status === 'quiet') this.#tell(`The logger failed ${failure}`)
    else this.#state = { status: 'gathering', lines: this.#state.lines + 1, last: failure }
  }

  #tell(warning: string): void {
    this.#state = { status: 'gathering', lines: 0, last: '' }
    this.#inContext(() => {
      setTimeout(() => this.#tellRest(), interval).unref()
      process.emitWarning(warning, { type: 'SpillwayWarning', code: 'SPILLWAY_LOG_FAILED' })
    })
  }

  #tellRest(): void {
    const gathered = this.#state
    this.#state = { status: 'quiet' }
    if (gathered.status === 'quiet' || gathered.lines === 0) return
    const { lines, last } = gathered
    this.#tell(`The logger failed at ${lines} more ${lines === 1 ? 'line' : 'lines'}, at last ${last}`)
  }
}
