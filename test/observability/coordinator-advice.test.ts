import { describe, expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { Advice, AdviceEvent } from '../../src/index.ts'
import { simulatePressure } from '../../src/testing/index.ts'
import { EventFeed } from '../../src/live/event-feed.ts'
import { silent, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const mib = 1024 ** 2

describe('coordinator.advice()', () => {
  it('is drawn from what was measured', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent })
    const wrong = coordinator.registerComponent<KitchenSink>(
      sink('wrong', { memoryEstimate: 4096 * mib, pinned: true }),
    )
    coordinator.memory.configure({ totalLimit: 8192 * mib })
    await wrong.echo(1)
    await coordinator.memory.sample()
    expect(coordinator.advice()).toContainEqual({
      id: 'estimate:wrong',
      component: 'wrong',
      severity: 'info',
      message: expect.stringContaining('estimated at 4.0 GiB') as string,
      urgent: false,
      since: expect.any(Number) as number,
    })
  })

  it('tells of a second coordinator until that is shut down', async () => {
    const ids = (): string[] => first.advice().map(({ id }) => id)
    await using first = new ComponentCoordinator({ logger: silent })
    expect(ids()).not.toContain('several-coordinators')
    const second = new ComponentCoordinator({ logger: silent })
    expect(ids()).toContain('several-coordinators')
    await second.shutdown()
    expect(ids()).not.toContain('several-coordinators')
  })

  it('is told by an event, and in the feed, with the same sentence', async () => {
    await using first = new ComponentCoordinator({ logger: silent })
    const told: AdviceEvent[] = []
    first.on('advice', (event) => void told.push(event))
    using feed = new EventFeed(first, () => {})
    const second = new ComponentCoordinator({ logger: silent })
    const [piece] = first.advice()
    await second.shutdown()
    first.advice()
    expect(told).toEqual([
      { ...piece, over: false },
      { ...piece, over: true },
    ])
    const { id, message } = piece ?? {}
    expect(feed.since(0)).toMatchObject([
      { kind: 'advice', severity: 'warning', component: null, details: { advice: id, message, over: false } },
      { kind: 'advice', severity: 'info', component: null, details: { advice: id, message, over: true } },
    ])
  })

  it('says that there is no room for as long as nothing may be unloaded, and who holds it', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent })
    const told: AdviceEvent[] = []
    coordinator.on('advice', (event) => void told.push(event))
    coordinator.registerComponent(sink('held'))
    using lease = await coordinator.acquire('held')
    const out = (): Advice | undefined => coordinator.advice().find(({ id }) => id === 'out-of-room')
    await simulatePressure(coordinator, 'critical')
    await expect.poll(() => told.find(({ id }) => id === 'out-of-room')).toMatchObject({ urgent: true, over: false })
    expect(out()?.message).toMatch(
      /^Memory is short by .*: what stays is "held" [\d.]+ MiB \(in use\), the main thread/,
    )
    lease[Symbol.dispose]()
    await expect.poll(() => coordinator.info('held').state).toBe('unloaded')
    await simulatePressure(coordinator, 'low')
    await expect.poll(out).toBeUndefined()
    expect(told.at(-1)).toMatchObject({ id: 'out-of-room', over: true })
  })
})
