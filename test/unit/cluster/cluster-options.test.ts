import type { NatsConnection } from '@nats-io/transport-node'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { resolveClusterOptions } from '../../../src/cluster/cluster-options.ts'
import type { ClusterOptions } from '../../../src/cluster/index.ts'

const servers = 'nats://127.0.0.1:4222'

describe('options of a cluster', () => {
  it.for([
    ['nats.servers', { servers, nats: { servers: 'nats://127.0.0.1:4223' } }],
    ['servers', {}],
    ['connection', { connection: {} }],
    ['name', { servers, name: 'a.b' }],
    ['subjectPrefix', { servers, subjectPrefix: 'x'.repeat(65) }],
    ['claimTtl', { servers, claimTtl: 999 }],
    ['replicas', { servers, replicas: 2 }],
    ['maxSize', { servers, maxSize: '2gb' }],
  ] as const)('"%s" is refused as %o', ([option, options]) => {
    // As JavaScript may give them.
    expect(() => resolveClusterOptions(options as unknown as ClusterOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option }),
    )
  })

  it('are servers or a connection, as their types say', () => {
    expectTypeOf<{ servers: string; replicas: 3 }>().toExtend<ClusterOptions>()
    expectTypeOf<{ connection: NatsConnection }>().toExtend<ClusterOptions>()
    expectTypeOf<{ name: string }>().not.toExtend<ClusterOptions>()
    expectTypeOf<{ servers: string; connection: NatsConnection }>().not.toExtend<ClusterOptions>()
    expectTypeOf<{ servers: string; replicas: 2 }>().not.toExtend<ClusterOptions>()
  })
})
