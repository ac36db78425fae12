/** The part of a terminal's output stream that is used. */
export interface TerminalStream {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const toTop = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** Draws in place on the terminal's alternate screen; disposed of, it leaves the terminal as it was. */
export class Screen implements Disposable {
  readonly #stream: TerminalStream
  readonly #onExit = (): void => this[Symbol.dispose]()
  #entered = true

  constructor(stream: TerminalStream) {
    this.#stream = stream
    stream.write(enter)
    // Also when something unforeseen ends the process.
    process.once('exit', this.#onExit)
  }

  draw(lines: readonly string[]): void {
    if (!this.#entered) return
    const shown = lines.slice(0, this.#stream.rows ?? 24)
    this.#stream.write(toTop + shown.map((line) => line + clearLine).join('\r\n') + clearBelow)
  }

  [Symbol.dispose](): void {
    if (!this.#entered) return
    this.#entered = false
    process.off('exit', this.#onExit)
    this.#stream.write(leave)
  }
}
