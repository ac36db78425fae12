/** What a connection is asked for with. */
export interface ConnectionRequest {
  /** ms to get it: for the wait, for opening it, or both. Default `acquireTimeout`. */
  readonly timeout?: number
  /** Headers of a WebSocket's handshake. */
  readonly headers?: Readonly<Record<string, string>>
  /** Subprotocols of a WebSocket. */
  readonly protocols?: readonly string[]
}

/** A connection that is held. Plain data. */
export interface ConnectionHandle {
  /** Good until the connection is released or closed; a connection that is reused gets a new one. */
  readonly id: string
  readonly url: string
  readonly kind: 'http' | 'websocket'
  /** It was open before. */
  readonly reused: boolean
  /** The subprotocol that a WebSocket's server chose, or ''. */
  readonly protocol: string
}

export interface HttpRequest {
  /** Default 'GET'. */
  readonly method?: string
  /** With the query, from the root of the host. Default: the path of the connection's URL. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** ms for the whole response. Default `requestTimeout`. */
  readonly timeout?: number
  /** Default 'text'. */
  readonly responseType?: 'text' | 'bytes'
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Uint8Array
}

export type SocketMessage = string | Uint8Array

export type MessageStream = AsyncIterableIterator<SocketMessage, void, undefined> & AsyncDisposable

export interface HostStats {
  readonly host: string
  readonly total: number
  readonly idle: number
  readonly held: number
  /** Failures in a row to open a connection. */
  readonly failures: number
  /** ms since the epoch until which it is left alone, or null. */
  readonly backingOffUntil: number | null
}

export interface PoolStats {
  readonly maxConnections: number
  readonly maxPerHost: number
  /** Connections: those being opened and checked included. */
  readonly total: number
  readonly idle: number
  readonly held: number
  readonly opening: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  readonly hosts: readonly HostStats[]
  /** Since the pool was loaded. */
  readonly counts: PoolCounts
}

export interface PoolCounts {
  readonly opened: number
  readonly reused: number
  readonly closed: number
  readonly failedToOpen: number
  readonly failedChecks: number
  readonly overloaded: number
  /** Held ones that their holder did not use for `maxHoldTime`. */
  readonly takenBack: number
}

/**
 * WebSocket and HTTP connections, bounded, checked, and shared by all who call.
 *
 * @throws InvalidOptionsError for a bad argument, ConnectionError for what goes wrong with a connection.
 */
export interface ConnectionPool extends AsyncDisposable {
  /**
   * A connection to http:, https:, ws: or wss:, for the caller alone until it is released. Idle ones are reused: of
   * HTTP to the same host, of WebSocket to the same URL with the same headers and protocols. Over a limit it waits in
   * line.
   *
   * @throws OverloadedError when the line is full or the time is up; ConnectionError ('connect', 'timeout',
   * 'backing-off').
   */
  getConnection(url: string, request?: ConnectionRequest): Promise<ConnectionHandle>
  /**
   * Gives it back; what is never given back is taken back after `maxHoldTime` without use. Messages that were not read are dropped; a request still under way closes it. Nothing happens if
   * it was given back before.
   */
  releaseConnection(id: string): Promise<void>
  /** A message on a WebSocket: settles when it is on its way. */
  send(id: string, message: SocketMessage): Promise<void>
  /** A request on an HTTP connection, one after the other. */
  send(id: string, request: HttpRequest): Promise<HttpResponse>
  /**
   * Messages of a WebSocket, from the first since it was obtained; ends when the connection is released or closed
   * cleanly. One reader at a time. What is not read is kept up to `maxBufferedMessages` and `maxBufferedBytes`;
   * beyond, the connection is closed and the reader gets ConnectionError ('overflow') after the messages that were
   * kept.
   */
  read(id: string): MessageStream
  /** Closes it for good. `code` (1000 or 3000 to 4999) and `reason` are for the other side of a WebSocket. */
  closeConnection(id: string, code?: number, reason?: string): Promise<void>
  getPoolStats(): Promise<PoolStats> | PoolStats
  /** Closes connections that have been idle for longer than `maxIdle` (ms, default `idleTimeout`); gives how many. */
  cleanIdleConnections(maxIdle?: number): Promise<number>
}
