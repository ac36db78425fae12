import { safeJson } from '../output.ts'
import { frame } from './frame.ts'
import type { Frame } from './frame.ts'
import { pressed } from './keys.ts'
import type { Look } from './rows.ts'
import { Screen } from './screen.ts'
import type { Connection, TopState } from './top-state.ts'

/** Where frames go. */
export interface View extends Disposable {
  show(state: TopState, connection: Connection): void
  /** A key was pressed. */
  press?(key: string): void
}

/** Redraws in place, also when nothing comes: times go on. */
export class TerminalView implements View {
  readonly #stream: NodeJS.WriteStream
  readonly #screen: Screen
  readonly #timer: NodeJS.Timeout
  readonly #redraw = (): void => this.#draw()
  #last: { readonly state: TopState; readonly connection: Connection } | undefined
  #drawn: Pick<Frame, 'rows' | 'page'> = { rows: 0, page: 0 }
  #look: Look

  /** @param interval ms between two frames. */
  constructor(stream: NodeJS.WriteStream, interval: number, look: Look) {
    this.#stream = stream
    this.#look = look
    this.#screen = new Screen(stream)
    this.#timer = setInterval(this.#redraw, interval)
    stream.on('resize', this.#redraw)
  }

  show(state: TopState, connection: Connection): void {
    const changed = this.#last?.connection.status !== connection.status
    this.#last = { state, connection }
    if (changed) this.#draw()
  }

  press(key: string): void {
    this.#look = pressed(this.#look, key, this.#drawn.rows, this.#drawn.page)
    this.#draw()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#stream.off('resize', this.#redraw)
    this.#screen[Symbol.dispose]()
  }

  #draw(): void {
    if (!this.#last) return
    const { columns, rows } = this.#stream
    const look = this.#look
    const options = { columns, rows, colour: this.#stream.hasColors(), now: Date.now(), look, keys: true }
    const { lines, ...drawn } = frame(this.#last.state, this.#last.connection, options)
    this.#drawn = drawn
    this.#screen.draw(lines)
  }
}

/** One frame below the other, for pipes and files; what happens to the connection is told on `notes`. */
export class PlainView implements View {
  readonly #stream: { write(text: string): unknown }
  readonly #notes: { write(text: string): unknown }
  readonly #interval: number
  readonly #text: (state: TopState, connection: Connection & { readonly status: 'live' }) => string
  #shownAt = -Infinity
  #status: Connection['status'] = 'live'

  /**
   * @param interval ms between two frames, at least.
   * @param text a frame.
   */
  constructor(
    { stdout, stderr }: Record<'stdout' | 'stderr', { write(text: string): unknown }>,
    interval: number,
    text: (state: TopState, connection: Connection & { readonly status: 'live' }) => string,
  ) {
    this.#stream = stdout
    this.#notes = stderr
    this.#interval = interval
    this.#text = text
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
    this.#stream.write(this.#text(state, connection))
  }

  [Symbol.dispose](): void {}
}

/** For people, and for whoever finds lines in it. */
export function plainText(
  look: Look,
): (state: TopState, connection: Connection & { readonly status: 'live' }) => string {
  return (state, connection) => {
    const options = { columns: Infinity, rows: Infinity, colour: false, now: connection.at, look, keys: false }
    return `${frame(state, connection, options).lines.join('\n')}\n\n`
  }
}

/** For programs: all that is known, in a line. */
export function jsonText({ components, cluster, ...rest }: TopState): string {
  const shown = cluster && {
    ...cluster,
    hosts: [...cluster.hosts.values()],
    components: [...cluster.components.values()],
  }
  return `${safeJson({ ...rest, components: [...components.values()], ...(shown && { cluster: shown }) })}\n`
}
