import { hostname } from 'node:os'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { InvalidOptionsError } from '../contract/errors.ts'
import {
  expectInteger,
  expectKnown,
  expectNumber,
  expectOptional,
  expectRecord,
  expectString,
  orDefault,
} from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import type { Size } from '../contract/size.ts'
import { hostNamePattern } from './announcement.ts'

/** How to join a cluster: by a connection that is made for it, or one that there is. */
export type ClusterOptions = HostOptions & (NewConnection | GivenConnection)

interface NewConnection {
  /** URLs of NATS servers, 'nats://127.0.0.1:4222' say; a connection is made, and closed by `leave()`. Either this or `connection`. */
  readonly servers: string | readonly string[]
  /** What NATS's own `connect` takes besides `servers`: credentials (`user`, `pass`, `token`, `authenticator`), `tls` and so on. */
  readonly nats?: Omit<NodeConnectionOptions, 'servers'>
  readonly connection?: undefined
}

interface GivenConnection {
  /** A connection of NATS that is there already; it stays open. */
  readonly connection: NatsConnection
  readonly servers?: undefined
  readonly nats?: undefined
}

interface HostOptions {
  /** Of this host, and of no other: letters, digits, - and _, 64 at most. Default: the machine's name and the process's number. */
  readonly name?: string
  /** What all subjects, and the bucket's name, begin with: clusters with different ones do not see each other. Letters, digits, - and _, 64 at most. Default: 'spillway'. */
  readonly subjectPrefix?: string
  /** ms that a key is claimed for, and after which a host counts as silent; the same on all hosts. 1,000 to 3,600,000. Default: 5,000. */
  readonly claimTtl?: number
  /** Servers that keep the claims: 1, 3 or 5. Default: 3 where the server is one of a cluster, 1 where it is alone. Counts for who makes the bucket. */
  readonly replicas?: 1 | 3 | 5
  /** Size of the largest value that goes to a host or comes from one, '1mb' to '1gb'; a larger one rejects with ValueError. The same on all hosts. Default: '64mb'. */
  readonly maxSize?: Size
}

export interface ResolvedClusterOptions {
  readonly connect: { readonly servers: string[]; readonly nats: NewConnection['nats'] } | NatsConnection
  readonly name: string
  readonly prefix: string
  readonly claimTtl: number
  readonly replicas: number | undefined
  readonly maxSize: number
}

const known = ['servers', 'connection', 'nats', 'name', 'subjectPrefix', 'claimTtl', 'replicas', 'maxSize'] as const

/** @throws InvalidOptionsError */
export function resolveClusterOptions(options: ClusterOptions): ResolvedClusterOptions {
  expectKnown(expectRecord('options', options), known)
  return {
    connect: connectOf(options),
    name: expectToken('name', orDefault(options.name, ownName())),
    prefix: expectToken('subjectPrefix', orDefault(options.subjectPrefix, 'spillway')),
    claimTtl: expectNumber('claimTtl', orDefault(options.claimTtl, 5_000), { min: 1_000, max: 3_600_000 }),
    replicas: expectOptional(options.replicas, (value) => {
      if (expectInteger('replicas', value, { min: 1, max: 5 }) % 2 === 0)
        throw new InvalidOptionsError('replicas', '1, 3 or 5', value)
      return value
    }),
    maxSize: expectSize('maxSize', orDefault(options.maxSize, '64mb'), { min: 1024 ** 2, max: 1024 ** 3 }),
  }
}

function connectOf({ servers, connection, nats }: ClusterOptions): ResolvedClusterOptions['connect'] {
  if (connection !== undefined) {
    if (servers !== undefined) throw new InvalidOptionsError('servers', 'nothing where `connection` is given', servers)
    if (nats !== undefined) throw new InvalidOptionsError('nats', 'nothing where `connection` is given', nats)
    if (typeof connection !== 'object' || connection === null || typeof connection.publish !== 'function') {
      throw new InvalidOptionsError('connection', 'a connection of @nats-io/transport-node', connection)
    }
    return connection
  }
  const list = typeof servers === 'string' ? [servers] : servers
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidOptionsError('servers', 'the URL of a NATS server, or several, or a `connection`', servers)
  }
  return {
    servers: list.map((server: unknown) => expectString('servers', server)),
    nats: expectOptional(nats, expectNats),
  }
}

function expectNats(nats: NonNullable<NewConnection['nats']>): NonNullable<NewConnection['nats']> {
  const { servers } = expectRecord('nats', nats) as NodeConnectionOptions
  if (servers !== undefined)
    throw new InvalidOptionsError('nats.servers', 'nothing: they are the option `servers`', servers)
  return nats
}

function expectToken(option: string, value: string): string {
  if (!hostNamePattern.test(expectString(option, value))) {
    throw new InvalidOptionsError(option, 'letters, digits, - and _, from 1 to 64 of them', value)
  }
  return value
}

function ownName(): string {
  return `${hostname()
    .replaceAll(/[^\w-]/g, '-')
    .slice(0, 50)}-${process.pid}`
}
