import type { WebSocket } from 'undici'
import { InvalidOptionsError } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import type { Timing } from '../timing/timing.ts'
import type { MessageStream, SocketMessage } from './api.ts'
import type { ResolvedPoolConfig } from './config.ts'
import type { WebSocketConnection } from './connection.ts'
import { ConnectionError } from './errors.ts'
import { Inbox } from './inbox.ts'
import type { PongListener } from './pong-listener.ts'
import { SocketDialer } from './socket-dialer.ts'
import type { Target } from './target.ts'
import type { Undici } from './undici-module.ts'

/** How often a full send buffer is looked at, ms: undici tells nobody when it drains. */
const DRAIN_INTERVAL = 5

/** 1000 is "normal"; applications have 4000 to 4999 for themselves. */
const OVERFLOW_CODE = 4_008

export interface WebSocketTools {
  readonly undici: Undici
  readonly config: ResolvedPoolConfig
  readonly pongs: PongListener
  readonly timing: Timing
}

/**
 * Opens a WebSocket.
 *
 * @param signal ends the attempt.
 * @param onClose called once, when it is closed, by whom ever.
 * @throws ConnectionError
 */
export async function openWebSocketConnection(
  target: Target,
  tools: WebSocketTools,
  signal: AbortSignal,
  onClose: () => void,
): Promise<WebSocketConnection> {
  const { undici, config } = tools
  const dialer = new SocketDialer(target.url, config.tls)
  try {
    await dialer.open(signal)
    const origin = target.url.origin.replace(/^ws/, 'http')
    const dispatcher = new undici.Client(origin, { connect: dialer.connect })
    const socket = new undici.WebSocket(target.url.href, {
      protocols: [...target.protocols],
      headers: { ...target.headers },
      dispatcher,
    })
    socket.binaryType = 'arraybuffer'
    // Before the handshake: what the server sends right after it would find no listener otherwise.
    const connection = new UndiciWebSocketConnection(socket, { dialer, target, tools, onClose })
    await handshake(socket, target, signal)
    return connection
  } catch (error) {
    dialer.destroy()
    throw error
  }
}

async function handshake(socket: WebSocket, target: Target, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.addEventListener('open', () => resolve())
  socket.addEventListener('error', ({ error, message }) => {
    const what = message || 'the server did not accept the WebSocket handshake'
    reject(new ConnectionError('connect', target.url.href, what, { cause: error }))
  })
  try {
    signal.throwIfAborted()
    await promise
  } catch (error) {
    socket.close()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

interface WebSocketParts {
  readonly dialer: SocketDialer
  readonly target: Target
  readonly tools: WebSocketTools
  readonly onClose: () => void
}

class UndiciWebSocketConnection implements WebSocketConnection {
  readonly kind = 'websocket'
  heardAt: number
  readonly #socket: WebSocket
  readonly #dialer: SocketDialer
  readonly #target: Target
  readonly #tools: WebSocketTools
  readonly #closed = Promise.withResolvers<void>()
  /** Of the holder; without one, messages are dropped. */
  #inbox: Inbox | undefined
  #sending = 0
  /** It is as good as closed: its socket only does not know yet. */
  #ended = false
  /** Why it is closed, when that is not as it should be. */
  #failure: ConnectionError | undefined

  constructor(socket: WebSocket, { dialer, target, tools, onClose }: WebSocketParts) {
    this.#socket = socket
    this.#dialer = dialer
    this.#target = target
    this.#tools = tools
    this.heardAt = tools.timing.now()
    this.obtain()
    socket.addEventListener('message', ({ data }) => this.#onMessage(data))
    socket.addEventListener('close', ({ code, reason }) => {
      this.#onClose(code, reason)
      onClose()
    })
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get open(): boolean {
    return !this.#ended && this.#socket.readyState === this.#socket.OPEN
  }

  get busy(): boolean {
    return this.#sending > 0 || this.#socket.bufferedAmount > 0
  }

  get reading(): boolean {
    return this.#inbox?.hasReader ?? false
  }

  async send(message: SocketMessage): Promise<void> {
    const data = toData(message)
    const { requestTimeout, maxUnsentBytes } = this.#tools.config
    this.#assertOpen()
    this.#sending++
    try {
      const stuck = (): Error =>
        new ConnectionError('timeout', this.#target.url.href, `nothing could be sent for ${requestTimeout} ms`)
      if (this.#socket.bufferedAmount > maxUnsentBytes) {
        await runWithin((abort) => this.#drain(maxUnsentBytes, abort), { ms: requestTimeout, onTimeout: stuck })
      }
      this.#assertOpen()
      this.#socket.send(data)
    } finally {
      this.#sending--
    }
  }

  read(): MessageStream {
    if (!this.#inbox || this.#inbox.hasReader) {
      throw new InvalidOptionsError('id', 'a connection that nobody else is reading', this.#target.url.href)
    }
    return this.#inbox.read()
  }

  async check(timeout: number): Promise<boolean> {
    const { undici, pongs, timing } = this.#tools
    const { ping } = undici
    if (!this.open) return false
    if (!ping) return true
    const answered = await pongs.ping((payload) => ping(this.#socket, payload), timeout)
    if (answered) this.heardAt = timing.now()
    return answered && this.open
  }

  obtain(): void {
    const { maxBufferedMessages, maxBufferedBytes } = this.#tools.config
    this.#inbox = new Inbox({ maxMessages: maxBufferedMessages, maxBytes: maxBufferedBytes })
  }

  reset(): void {
    this.#inbox?.clear()
    this.#inbox = undefined
  }

  async close(code = 1_000, reason = ''): Promise<void> {
    if (this.#socket.readyState !== this.#socket.CLOSED) {
      this.#socket.close(code, reason)
      const late = (): Error => new Error('no closing handshake')
      const { closeTimeout } = this.#tools.config
      await runWithin(() => this.#closed.promise, { ms: closeTimeout, onTimeout: late }).catch(() => {})
    }
    this.destroy()
  }

  destroy(failure?: ConnectionError): void {
    this.#ended = true
    this.#failure ??= failure
    this.#inbox?.end(this.#failure)
    this.#dialer.destroy()
  }

  #onMessage(data: unknown): void {
    this.heardAt = this.#tools.timing.now()
    const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)
    if (!this.#inbox || this.#inbox.push(message)) return
    this.#fail('overflow', 'more messages came in than were read')
    void this.close(OVERFLOW_CODE, 'messages are not read fast enough')
  }

  #onClose(code: number, reason: string): void {
    const clean = code === 1_000 || code === 1_001 || code === 1_005
    const what = reason === '' ? `closed with code ${code}` : `closed with code ${code}: ${reason}`
    if (!clean) this.#fail('closed', what)
    this.#inbox?.end(this.#failure)
    this.#dialer.destroy()
    this.#closed.resolve()
  }

  #fail(reason: 'overflow' | 'closed', message: string): void {
    this.#ended = true
    this.#failure ??= new ConnectionError(reason, this.#target.url.href, message)
    this.#inbox?.end(this.#failure)
  }

  #assertOpen(): void {
    if (!this.open) throw this.#failure ?? new ConnectionError('closed', this.#target.url.href, 'it is closed')
  }

  async #drain(limit: number, signal: AbortSignal): Promise<void> {
    while (this.open && this.#socket.bufferedAmount > limit) await this.#tools.timing.sleep(DRAIN_INTERVAL, signal)
  }
}

function toData(message: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof message === 'string') return message
  if (message instanceof Uint8Array) {
    // undici cannot send from shared memory.
    return message.buffer instanceof ArrayBuffer ? (message as Uint8Array<ArrayBuffer>) : new Uint8Array(message)
  }
  throw new InvalidOptionsError('message', 'a string or a Uint8Array', message)
}
