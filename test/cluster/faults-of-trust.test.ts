import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connect } from '@nats-io/transport-node'
import { expect, it } from 'vitest'
import { joinCluster } from '../../src/cluster/index.ts'
import { isSpillwayError } from '../../src/index.ts'
import { runChild } from '../support/child.ts'
import { fixture, quietCoordinator, rejection, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'

const claimTtl = 1_500

describeWithNats('who may join', () => {
  it('with wrong credentials is told so, and nothing is left open', async () => {
    await using server = await NatsServer.start({ users: [{ user: 'host', password: 'right' }] })
    // A process of its own, which ends by itself only if nothing is left open.
    const join = (nats: object): string =>
      `await joinCluster(coordinator, ${JSON.stringify({ servers: server.url, name: 'a', claimTtl, nats })})`
    const refused = (nats: object): string =>
      `try { ${join(nats)}; console.log('joined') } catch (error) { console.log(error.code, error.message) }`
    const { code, stdout, stderr } = await runChild(`
      const { joinCluster } = await import('${new URL('../../src/cluster/index.ts', import.meta.url).href}')
      const coordinator = new ComponentCoordinator({ logger: silent })
      ${refused({ user: 'host', pass: 'wrong' })}
      ${refused({})}
      const cluster = ${join({ user: 'host', pass: 'right' })}
      console.log(cluster.hosts().map(({ name }) => name).join())
      await cluster.leave()
    `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const told = expect.stringMatching(/^ERR_INVALID_OPTIONS .*credentials/) as string
    expect(stdout.trimEnd().split('\n')).toEqual([told, told, 'a'])
    await expect.poll(async () => server.connections()).toBe(0)
  })

  it('where no server is, is told so in time', async () => {
    await using coordinator = quietCoordinator()
    const error = await rejection(joinCluster(coordinator, { servers: 'nats://127.0.0.1:1', name: 'a', claimTtl }))
    expect(error).toSatisfy(isSpillwayError)
    expect(String(error)).toContain('127.0.0.1:1')
  })

  it('over TLS, with the certificate checked', async () => {
    const file = (name: string): string => fileURLToPath(fixture(name))
    const cert = file('localhost-certificate.pem')
    await using server = await NatsServer.start({ tls: { cert, key: file('localhost-key.pem') } })
    await using coordinator = quietCoordinator()
    const options = { servers: server.url, name: 'a', claimTtl }
    const error = await rejection(joinCluster(coordinator, options))
    expect(error).toSatisfy(isSpillwayError)
    expect(String(error)).toMatch(/certificate/i)

    const nats = { tls: { ca: readFileSync(cert, 'utf8') } }
    coordinator.registerComponent<KitchenSink>(sink('prices'))
    await using cluster = await joinCluster(coordinator, { ...options, nats })
    await cluster.offer(['prices'])
    await using elsewhere = quietCoordinator()
    await using caller = await joinCluster(elsewhere, { ...options, nats, name: 'b' })
    expect(await caller.component<KitchenSink>('prices').add(1, 2)).toBe(3)
  })
})

describeWithNats('a subject that somebody else has', () => {
  const prefix = 'shared'
  const garbage = [
    new Uint8Array(0),
    new Uint8Array(7),
    new TextEncoder().encode('{"hello":"world"}'),
    new Uint8Array(300_000),
  ]

  it('garbage on it harms nobody, and answers of a stranger are none', async () => {
    await using server = await NatsServer.start()
    await using serving = quietCoordinator()
    serving.registerComponent<KitchenSink>(sink('prices'))
    await using calling = quietCoordinator()
    const options = { servers: server.url, claimTtl, subjectPrefix: prefix }
    await using host = await joinCluster(serving, { ...options, name: 'a' })
    await host.offer(['prices'])
    await using caller = await joinCluster(calling, { ...options, name: 'b' })
    const prices = caller.component<KitchenSink>('prices')
    expect(await prices.add(1, 2)).toBe(3)

    const stranger = await connect({ servers: server.url })
    // It answers whatever is said to the host, before the host does.
    const seen: string[] = []
    for (const subject of [`${prefix}.host.*`, `${prefix}.hosts`]) {
      stranger.subscribe(subject, {
        callback: (_error, message) => {
          seen.push(message.subject)
          message.respond(garbage[seen.length % garbage.length])
        },
      })
    }
    await stranger.flush()
    for (let i = 0; i < 50; i++) {
      for (const subject of [`${prefix}.host.a`, `${prefix}.host.b`, `${prefix}.hosts`]) {
        stranger.publish(subject, garbage[i % garbage.length], { reply: `${prefix}.host.${i % 2 ? 'a' : 'b'}` })
      }
      expect(await prices.add(i, 1)).toBe(i + 1)
    }
    expect(seen.length).toBeGreaterThan(50)
    expect(caller.hosts().map(({ name }) => name)).toEqual(['a', 'b'])
    await stranger.close()
  })
})
