/** Where a bar is drawn: process.stderr, say. */
export interface ProgressStream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

export interface ProgressBarOptions {
  label: string
  total: number
  /** What is counted, in the plural. Default 'rows'. */
  unit?: string
  stream: ProgressStream
  /** A clock in ms. Default performance.now. */
  now?: () => number
}

/** How often a line is drawn anew, ms. */
const REDRAW_INTERVAL = 100
const BAR_WIDTH = 24

/**
 * Shows how far something is: on a terminal one line, drawn anew, with percentage, rate and the time left at that rate;
 * elsewhere (a file, a pipe) a line for every tenth of the way.
 */
export class ProgressBar implements Disposable {
  readonly #options: Required<ProgressBarOptions>
  readonly #started: number
  #drawnAt = -Infinity
  #tenths = 0
  #value = 0
  #state: 'open' | 'closed' = 'open'

  constructor(options: ProgressBarOptions) {
    this.#options = { unit: 'rows', now: () => performance.now(), ...options }
    this.#started = this.#options.now()
  }

  update(value: number): void {
    if (this.#state === 'closed') return
    this.#value = value
    const { stream, now } = this.#options
    if (stream.isTTY) {
      if (now() - this.#drawnAt < REDRAW_INTERVAL) return
      this.#drawnAt = now()
      this.#draw()
      return
    }
    const tenths = Math.floor(this.#ratio * 10)
    if (tenths <= this.#tenths || tenths === 10) return
    this.#tenths = tenths
    stream.write(`${this.#line(this.#percentage)}\n`)
  }

  /** Shows the end, at `value`, and moves on to the next line. */
  finish(value: number = this.#options.total): void {
    if (this.#state === 'closed') return
    this.#value = value
    this.#close(true)
  }

  /** Leaves the bar where it is: for when the work failed. Nothing after `finish`. */
  [Symbol.dispose](): void {
    if (this.#state === 'open') this.#close(false)
  }

  get #ratio(): number {
    const { total } = this.#options
    return total > 0 ? Math.min(1, Math.max(0, this.#value / total)) : 1
  }

  get #percentage(): string {
    return `${Math.floor(this.#ratio * 100)
      .toString()
      .padStart(3)}%`
  }

  #close(reached: boolean): void {
    this.#state = 'closed'
    const { stream } = this.#options
    if (!stream.isTTY) {
      if (reached) stream.write(`${this.#line(this.#percentage)}\n`)
      return
    }
    this.#draw()
    stream.write('\n')
  }

  #draw(): void {
    const filled = Math.round(this.#ratio * BAR_WIDTH)
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${this.#percentage}`
    // One column short of the edge: some terminals wrap a line that fills the last one.
    const line = this.#line(bar).slice(0, (this.#options.stream.columns ?? 80) - 1)
    this.#options.stream.write(`\r${line}\u001b[K`)
  }

  #line(position: string): string {
    const { label, unit, now } = this.#options
    const seconds = (now() - this.#started) / 1000
    const rate = seconds > 0 ? this.#value / seconds : 0
    const left = this.#state === 'open' && rate > 0 ? (this.#options.total - this.#value) / rate : undefined
    const time = left === undefined ? `in ${duration(seconds)}` : `${duration(left)} left`
    return `${label} ${position} ${short(rate)} ${unit}/s, ${time}`
  }
}

/** 1,234,567 as 1.2M. */
function short(value: number): string {
  if (value >= 999_950) return `${(value / 1e6).toFixed(1)}M`
  return value >= 999.5 ? `${(value / 1e3).toFixed(1)}k` : value.toFixed(0)
}

function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
