import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkNumber, checkObject, checkText, duration } from '../option-checks.ts'
import type { ConnectionRequest } from './api.ts'

/** Where a connection goes. Connections with the same key can stand in for each other. */
export interface Target {
  readonly kind: 'http' | 'websocket'
  readonly url: URL
  /** Host and port. */
  readonly host: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocols: readonly string[]
}

const schemes: Readonly<Record<string, { kind: Target['kind']; port: number }>> = {
  'http:': { kind: 'http', port: 80 },
  'https:': { kind: 'http', port: 443 },
  'ws:': { kind: 'websocket', port: 80 },
  'wss:': { kind: 'websocket', port: 443 },
}

/** @throws InvalidOptionsError */
export function parseTarget(address: unknown, request: ConnectionRequest = {}): Target {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined
  const scheme = url && schemes[url.protocol]
  if (!url || !scheme) throw new InvalidOptionsError('url', 'an absolute http:, https:, ws: or wss: URL', address)
  if (url.username !== '' || url.password !== '') {
    throw new InvalidOptionsError(
      'url',
      'a URL without credentials (send them as a header)',
      `${url.protocol}//…@${url.host}`,
    )
  }
  url.hash = ''
  checkObject('request', request)
  checkKnown(request, ['timeout', 'headers', 'protocols'], 'request.')
  const headers = checkObject('headers', request.headers ?? {})
  const protocols = parseProtocols(request.protocols ?? [])
  if (request.timeout !== undefined) checkNumber('timeout', request.timeout, duration)
  const handshake = JSON.stringify([Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)), protocols])
  const { kind, port } = scheme
  const key = kind === 'http' ? url.origin : `${url.href} ${handshake}`
  return { kind, url, host: `${url.hostname}:${url.port || port}`, key, headers, protocols }
}

function parseProtocols(protocols: readonly string[]): readonly string[] {
  if (!Array.isArray(protocols)) throw new InvalidOptionsError('protocols', 'an array of strings', protocols)
  return protocols.map((protocol: unknown, index) => checkText(`protocols[${index}]`, protocol))
}
