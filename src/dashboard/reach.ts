import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True for an address that only this machine reaches; one of IPv4 may be written as one of IPv6. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined || address.includes('%')) return false
  const version = isIP(address)
  return version !== 0 && loopback.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** True for a name by which a program reaches nothing but its own machine: such names are given to no one (RFC 6761), so that nobody can make them point elsewhere. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name)
}

/** A name as it is compared: in small letters, an address of IPv6 without brackets, without the dot that ends a full one. */
export function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=.)\.$/, '')
}

/** The name in a Host header, without its port; undefined when there is none, or something else beside it. */
export function hostName(header: string | undefined): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([^:@[\]]+))(?::\d{1,5})?$/i.exec(header ?? '') ?? []
  if (address !== undefined) return isIP(address) === 6 ? address.toLowerCase() : undefined
  return name === undefined ? undefined : normalName(name)
}

/** Headers that proxies add. */
const ofProxies = new Set([
  'forwarded',
  'forwarded-for',
  'via',
  'client-ip',
  'proxy-connection',
  'x-real-ip',
  'x-remote-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-proxyuser-ip',
  'x-scheme',
  'true-client-ip',
  'fastly-client-ip',
  'fly-client-ip',
])
/** Families of such headers. */
const ofProxyFamilies = /^(?:x-(?:forwarded|envoy|original|azure|appengine)|cf-)/

/**
 * What tells that a request came through a proxy, whose other side anybody may be on; undefined: nothing does. A proxy speaks HTTP/1.0 to what is behind
 * it when it is nginx as it comes, which adds no header and says that the host is localhost.
 */
export function signOfProxy(headers: IncomingHttpHeaders, httpVersion: string): string | undefined {
  const header = Object.keys(headers).find((name) => ofProxyFamilies.test(name) || ofProxies.has(name))
  if (header !== undefined) return `the header ${header}`
  return httpVersion === '1.1' ? undefined : `HTTP/${httpVersion}`
}
