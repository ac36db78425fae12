import { connect } from '@nats-io/transport-node'
import { Kvm } from '@nats-io/kv'
import { expect, it } from 'vitest'
import { isRunning } from '../support/processes.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'

describeWithNats('a nats-server of a test', () => {
  it('keeps what is stored over a kill, on its port, and leaves nothing', async () => {
    const server = await NatsServer.start({ maxPayload: 64 * 1024, users: [{ user: 'me', password: 'secret' }] })
    const { url } = server
    const connection = await connect({ servers: url, user: 'me', pass: 'secret', reconnectTimeWait: 20 })
    expect(connection.info?.max_payload).toBe(64 * 1024)
    const bucket = await new Kvm(connection).create('kept')
    await bucket.put('a', 'b')
    await server.kill()
    await server.restart()
    expect(server.url).toBe(url)
    await expect.poll(async () => server.connections()).toBe(1)
    expect((await bucket.get('a'))?.string()).toBe('b')
    await connection.close()
    const { pid } = server
    await server.stop()
    expect(isRunning(pid)).toBe(false)
  })
})
