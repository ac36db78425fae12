import { frame } from './frame.ts'
import { Screen } from './screen.ts'
import type { Connection, TopState } from './top-state.ts'

/** Where frames go. */
export interface View extends Disposable {
  show(state: TopState, connection: Connection): void
}

/** Redraws in place, also when nothing comes: times go on. */
export class TerminalView implements View {
  readonly #stream: NodeJS.WriteStream
  readonly #screen: Screen
  readonly #timer: NodeJS.Timeout
  readonly #redraw = (): void => this.#draw()
  #last: { readonly state: TopState; readonly connection: Connection } | undefined

  /** @param interval ms between two frames. */
  constructor(stream: NodeJS.WriteStream, interval: number) {
    this.#stream = stream
    this.#screen = new Screen(stream)
    this.#timer = setInterval(this.#redraw, interval)
    stream.on('resize', this.#redraw)
  }

  show(state: TopState, connection: Connection): void {
    const changed = this.#last?.connection.status !== connection.status
    this.#last = { state, connection }
    if (changed) this.#draw()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#stream.off('resize', this.#redraw)
    this.#screen[Symbol.dispose]()
  }

  #draw(): void {
    if (!this.#last) return
    const { columns, rows } = this.#stream
    const options = { columns, rows, colour: this.#stream.hasColors(), now: Date.now() }
    this.#screen.draw(frame(this.#last.state, this.#last.connection, options))
  }
}

/** One frame below the other, for pipes and files; what happens to the connection is told on `notes`. */
export class PlainView implements View {
  readonly #stream: { write(text: string): unknown }
  readonly #notes: { write(text: string): unknown }
  readonly #interval: number
  #shownAt = -Infinity
  #status: Connection['status'] = 'live'

  /** @param interval ms between two frames, at least. */
  constructor(stream: { write(text: string): unknown }, notes: { write(text: string): unknown }, interval: number) {
    this.#stream = stream
    this.#notes = notes
    this.#interval = interval
  }

  show(state: TopState, connection: Connection): void {
    if (connection.status !== this.#status) {
      this.#status = connection.status
      this.#notes.write(connection.status === 'lost' ? `disconnected: ${connection.why}\n` : 'connected again\n')
    }
    if (connection.status === 'lost') return
    // A tick that comes a little early is not left out.
    if (connection.at - this.#shownAt < this.#interval * 0.9) return
    this.#shownAt = connection.at
    const options = { columns: Infinity, rows: Infinity, colour: false, now: connection.at }
    this.#stream.write(`${frame(state, connection, options).join('\n')}\n\n`)
  }

  [Symbol.dispose](): void {}
}
