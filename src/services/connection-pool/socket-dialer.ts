import { connect as connectTcp, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Client } from 'undici'
import { errorOf } from '../thrown.ts'
import type { TlsOptions } from './config.ts'

type UndiciConnector = Extract<NonNullable<Client.Options['connect']>, (...args: never[]) => unknown>

/**
 * Opens the sockets of one connection. undici opens a socket with the first request and tells nobody about it; here
 * the first one is opened at once, so that a connection that was obtained is one, and every one can be destroyed
 * whatever state it is in.
 */
export class SocketDialer {
  readonly #url: URL
  readonly #tls: TlsOptions
  readonly #sockets = new Set<Socket>()
  readonly #onUnexpected = (): void => void this.#ready?.destroy()
  #ready: Socket | undefined
  #destroyed = false

  constructor(url: URL, tls: TlsOptions) {
    this.#url = url
    this.#tls = tls
  }

  /** Whether a socket is open or being opened. */
  get connected(): boolean {
    return this.#sockets.size > 0
  }

  /** Opens the first socket. */
  async open(signal: AbortSignal): Promise<void> {
    const socket = await this.#dial(signal)
    // Until it is used nobody reads it, and then its end would go unnoticed. Whatever comes before the first request
    // ends it.
    socket.once('readable', this.#onUnexpected)
    this.#ready = socket
  }

  /** For undici: the socket that is open already, else a new one. */
  readonly connect: UndiciConnector = (_options, callback) => void this.#supply(callback)

  /** Ends all sockets at once. */
  destroy(): void {
    this.#destroyed = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async #supply(callback: Parameters<UndiciConnector>[1]): Promise<void> {
    const ready = this.#ready
    this.#ready = undefined
    ready?.off('readable', this.#onUnexpected)
    let socket: Socket
    try {
      // Awaited in either case: undici goes to sleep for good when it is called back at once.
      socket = await (ready && !ready.destroyed ? Promise.resolve(ready) : this.#dial())
    } catch (error) {
      callback(errorOf(error), null)
      return
    }
    callback(null, socket)
  }

  async #dial(signal?: AbortSignal): Promise<Socket> {
    if (this.#destroyed) throw new Error('the connection is closed')
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const { socket, readyEvent } = this.#start()
    this.#sockets.add(socket)
    const onAbort = (): void => {
      reject(signal?.reason)
      socket.destroy()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once(readyEvent, () => resolve(socket))
    socket.once('close', () => {
      this.#sockets.delete(socket)
      reject(new Error('the socket was closed while it was being opened'))
    })
    // Stays for the socket's life: an error while nobody uses it must not be an uncaught one.
    socket.on('error', reject)
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #start(): { socket: Socket; readyEvent: 'connect' | 'secureConnect' } {
    const { hostname, port, protocol } = this.#url
    const host = hostname.replace(/^\[|\]$/g, '')
    if (protocol === 'http:' || protocol === 'ws:') {
      const socket = connectTcp({ host, port: Number(port || 80), noDelay: true, keepAlive: true })
      return { socket, readyEvent: 'connect' }
    }
    const { ca, ...tls } = this.#tls
    const socket = connectTls({
      host,
      port: Number(port || 443),
      // A server name must not be an address (RFC 6066).
      servername: isIP(host) ? '' : host,
      ALPNProtocols: ['http/1.1'],
      ...tls,
      ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    })
    socket.setNoDelay(true)
    socket.setKeepAlive(true)
    return { socket, readyEvent: 'secureConnect' }
  }
}
