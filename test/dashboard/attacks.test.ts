import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Socket } from 'node:net'
import { Dashboard } from '../../src/dashboard/dashboard.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { asPage, components, hostile, json, table, token, unload } from './attack-table.ts'
import { open } from './dashboard-client.ts'
import { exchange, openSocket, requestText } from './raw-client.ts'

const coordinator = sharedCoordinator()
const kept = coordinator.registerComponent<KitchenSink>(sink(hostile))
coordinator.registerComponent(sink('quiet'))

const lines: { readonly status?: number; readonly outcome?: string }[] = []
const log = (fields: object | string): void => void (typeof fields === 'object' && lines.push(fields))
const logger = { info: log, warn: log, error: log } as never
const options = { port: 0, token, actions: true, allowedHosts: ['ops.example'], logger }

let happened = 0
/** What an attack must not change. */
const state = (): unknown => [
  coordinator.list().map(({ name, state: is, generation }) => [name, is, generation]),
  coordinator.memory.options,
  happened,
]
let before: unknown

beforeAll(async () => {
  await kept.echo(1)
  for (const event of ['load', 'unload', 'crash'] as const) coordinator.on(event, () => happened++)
})
beforeEach(() => {
  lines.length = 0
  before = state()
})

describe.each(Object.entries(table))('%s', (_, rows) => {
  const dashboard = new Dashboard(coordinator, options)
  let address: DashboardAddress
  beforeAll(async () => {
    address = await dashboard.start()
  })
  afterAll(async () => dashboard.stop())

  it.each(rows)('$name', async ({ send, expected, told, never: unwanted }) => {
    const { statuses, text } = await exchange(address, ...[send(address)].flat())
    expect(statuses).toEqual(expected)
    expect(text).not.toMatch(unwanted ?? /^set-cookie|^access-control-allow/im)
    expect(state()).toEqual(before)
    const refusals = lines.flatMap(({ status, outcome }) => (outcome === 'failed' ? [0] : (status ?? [])))
    // An action that was let in and failed is told as such.
    const wanted = told ?? expected.filter((status) => status >= 400)
    expect(refusals.map((status, index) => status || wanted[index])).toEqual(wanted)
    expect(JSON.stringify(lines)).not.toContain(token)
  })
})

describe('who is slow', () => {
  const dashboard = new Dashboard(coordinator, options, { http: { headers: 200, request: 400 } })
  let address: DashboardAddress
  beforeAll(async () => {
    address = await dashboard.start()
  })
  afterAll(async () => dashboard.stop())

  it.each([
    ['says nothing', (): string => ''],
    ['does not end the headers', (): string => 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    ['does not end the body', (): string => requestText(address, unload, [...asPage, 'Content-Length: 10'], '{')],
    [
      'asks slowly after a first request',
      (): string => `${requestText(address, 'GET /healthz', ['Connection: keep-alive'])}GET /he`,
    ],
  ] as const)('is cut off: %s', async (_, send) => {
    const { statuses } = await exchange(address, send())
    expect(statuses.at(-1)).toBe(408)
    expect(lines).toMatchObject([{ status: 408, code: 'ERR_HTTP_REQUEST_TIMEOUT', remote: '127.0.0.1' }])
    expect(state()).toEqual(before)
  })
})

describe('who opens many connections', () => {
  const most = 257
  const started = async (send: (address: DashboardAddress) => string) => {
    const dashboard = new Dashboard(coordinator, { ...options, maxViewers: 1 })
    const address = await dashboard.start()
    const sockets = Array.from({ length: most }, () => openSocket(address))
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')))
    for (const socket of sockets) socket.resume().write(send(address))
    return { address, dashboard, sockets, ask: async () => exchange(address, requestText(address, 'GET /healthz')) }
  }

  it('and does nothing with them makes room for others, the one that was idle for longest first', async () => {
    const keep = (address: DashboardAddress): string => requestText(address, 'GET /healthz', ['Connection: keep-alive'])
    for (const send of [(): string => '', keep]) {
      const { dashboard, sockets, ask } = await started(send)
      for (let each = 0; each < 3; each++) expect((await ask()).statuses).toEqual([200])
      expect(lines).toEqual([])
      expect(sockets.filter(({ closed }) => closed).length).toBeLessThan(10)
      await dashboard.stop()
      for (const socket of sockets) socket.destroy()
    }
  })

  it('and has something under way on each gets so many, and is told of; the next is served when one is closed', async () => {
    const busy = (address: DashboardAddress): string =>
      requestText(address, 'POST /api/viewers/x', [`Authorization: Bearer ${token}`, json, 'Content-Length: 9'], '{')
    const { address, dashboard, sockets, ask } = await started(busy)
    // Some came while others were still idle, and took their places.
    const another = (): void => {
      const socket = openSocket(address)
      socket.resume().write(busy(address))
      sockets.push(socket)
    }
    const probed = async (): Promise<readonly number[]> => {
      const { statuses } = await ask()
      if (statuses.length > 0) another()
      return statuses
    }
    another()
    await expect.poll(probed).toEqual([])
    expect(lines[0]).toMatchObject({ status: 503, code: 'TOO_MANY_CONNECTIONS', remote: '127.0.0.1' })
    sockets.at(-1)?.destroy()
    await expect.poll(async () => (await ask()).statuses).toEqual([200])
    await dashboard.stop()
    for (const socket of sockets) socket.destroy()
  })

  it('and is refused loses them at once; others are kept for 5 s', async () => {
    await using dashboard = new Dashboard(coordinator, options)
    const address = await dashboard.start()
    const kept = ['Connection: keep-alive']
    const { statuses } = await exchange(address, requestText(address, 'GET /healthz', ['Host: evil.example', ...kept]))
    expect(statuses).toEqual([421])
    const served = await open(address, '/healthz', { headers: { connection: 'keep-alive' } })
    expect(served.headers['keep-alive']).toBe('timeout=5')
    served.destroy()
  })
})

describe('who guesses', () => {
  it('is answered late, then refused, and does not keep out who has the token', async () => {
    await using dashboard = new Dashboard(coordinator, options)
    const address = await dashboard.start()
    let text = ''
    const sockets: Socket[] = Array.from({ length: 60 }, (_, each) => {
      const socket = openSocket(address)
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
      socket.write(requestText(address, unload, [json, `Authorization: Bearer guess-${each}`], '{}'))
      return socket
    })
    const answers = (status: number): number => text.match(new RegExp(`HTTP/1.1 ${status} `, 'g'))?.length ?? 0
    await expect.poll(() => answers(429), { timeout: 20_000 }).toBeGreaterThanOrEqual(40)
    expect(text).toContain('retry-after: 4\r\n')
    // As many as are held back are not answered yet, or late.
    const right200 = await exchange(address, requestText(address, 'POST /api/token', asPage, '{}'))
    expect(right200.statuses).toEqual([200])
    expect(answers(401) + answers(429)).toBeLessThanOrEqual(60)
    expect(state()).toEqual(before)
    for (const socket of sockets) socket.destroy()
  })
})

describe('a heap snapshot', () => {
  it('is saved under a harmless name, also when it is asked for twice at once', async () => {
    await using dashboard = new Dashboard(coordinator, options)
    const address = await dashboard.start()
    const asked = Array.from({ length: 2 }, async () =>
      exchange(address, requestText(address, `POST ${components}/heap-snapshot`, asPage, '{}')),
    )
    for (const { statuses, text } of await Promise.all(asked)) {
      expect(statuses).toEqual([200])
      expect(/^content-disposition: (.*)\r$/m.exec(text)?.[1]).toMatch(/^attachment; filename="[\w.-]+\.heapsnapshot"$/)
    }
    expect(state()).toEqual(before)
    expect(lines.filter(({ outcome }) => outcome === 'done')).toHaveLength(2)
  })
})
