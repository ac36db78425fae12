import type { HttpRequest, HttpResponse, MessageStream, SocketMessage } from './api.ts'
import type { ConnectionError } from './errors.ts'

interface ConnectionBase {
  /** False once it is closed, by whom ever. */
  readonly open: boolean
  /** A request or an unsent message is under way. */
  readonly busy: boolean
  /** Somebody reads it. */
  readonly reading: boolean
  readonly protocol: string
  /** Whether it still works; never rejects. @param timeout ms */
  check(timeout: number): Promise<boolean>
  /** Somebody holds it from now on. */
  obtain(): void
  /** Nobody holds it any more: ends the reader and drops what was not read. */
  reset(): void
  /** Closes it in good order where that can be done within the close timeout, else at once. */
  close(code?: number, reason?: string): Promise<void>
  /** Ends it at once. `failure` is for whoever holds it. */
  destroy(failure?: ConnectionError): void
}

export interface HttpConnection extends ConnectionBase {
  readonly kind: 'http'
  send(request: HttpRequest): Promise<HttpResponse>
}

export interface WebSocketConnection extends ConnectionBase {
  readonly kind: 'websocket'
  /** ms since the epoch: the last message or pong. */
  readonly heardAt: number
  send(message: SocketMessage): Promise<void>
  read(): MessageStream
}

/** One open connection. */
export type Connection = HttpConnection | WebSocketConnection
