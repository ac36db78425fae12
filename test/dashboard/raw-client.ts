import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { DashboardAddress } from '../../src/dashboard/index.ts'

/** What came back on a connection until it was closed: the status of each answer, and everything. */
export interface Exchange {
  readonly statuses: readonly number[]
  readonly text: string
}

/** Sends bytes as they are, and reads until the server closes. */
export async function exchange(address: DashboardAddress, ...parts: readonly string[]): Promise<Exchange> {
  const socket = openSocket(address)
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  for (const part of parts) socket.write(part, 'latin1')
  await closed
  return { statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)), text }
}

export function openSocket({ host, port }: DashboardAddress): Socket {
  const socket = connect(port, host)
  // The server ends it as it likes.
  socket.on('error', () => {})
  return socket
}

/** A request as text: what is not given is as it should be. The connection is closed after it. */
export function requestText(
  { host, port }: DashboardAddress,
  line: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const has = (name: string): boolean => headers.some((header) => header.toLowerCase().startsWith(`${name}:`))
  const all = [
    ...(has('host') ? [] : [`Host: ${host}:${port}`]),
    ...(has('connection') ? [] : ['Connection: close']),
    ...(body === '' || has('content-length') || has('transfer-encoding')
      ? []
      : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
    ...headers,
  ]
  return `${line} HTTP/1.1\r\n${all.map((header) => `${header}\r\n`).join('')}\r\n${body}`
}
