import { afterAll, describe, expect, it } from 'vitest'
import { Registry } from 'prom-client'
import { ComponentCoordinator, withCallOptions } from '../../src/index.ts'
import type { Advice, AdviceEvent, Remote } from '../../src/index.ts'
import { collectMetrics } from '../../src/metrics/index.ts'
import { fixture, silent } from '../support/coordinator.ts'
import type leaks from '../fixtures/leaks.ts'

describe('a component that fails', () => {
  const coordinator = new ComponentCoordinator({ logger: silent })
  const told: AdviceEvent[] = []
  coordinator.on('advice', (event) => void told.push(event))
  afterAll(async () => {
    await coordinator.shutdown()
  })
  const register = (name: string, more: object = {}): Remote<typeof leaks> =>
    coordinator.registerComponent<typeof leaks>({ name, module: fixture('leaks.ts'), ...more })
  const failing = (name: string): Advice | undefined => coordinator.advice().find(({ id }) => id === `failing:${name}`)
  const settled = async (calls: readonly Promise<unknown>[]): Promise<void> => void (await Promise.allSettled(calls))

  it('by what it throws is named, though nobody listens to calls, and everywhere the same', async () => {
    const orders = register('orders')
    await settled([orders.fail(), orders.fail(), orders.fail()])
    await expect.poll(() => told.find(({ id }) => id === 'failing:orders')).toMatchObject({ urgent: true, over: false })
    expect(failing('orders')?.message).toBe(
      '"orders" failed 3 of 3 calls (100%) in the last minute, at last with: RangeError: no such order; its page has its last errors',
    )
    expect(coordinator.errorShareOf('orders')).toBe(1)
    const registry = new Registry()
    using _metrics = collectMetrics(coordinator, { registry })
    const metrics = await registry.metrics()
    expect(metrics).toContain('spillway_advice{kind="failing",component="orders"} 1')
    expect(metrics).toContain('spillway_component_error_ratio{component="orders"} 1')
  })

  it('by not being reached or not answering is', async () => {
    const slow = withCallOptions(register('slow', { maxQueue: 3 }), { timeout: 30 })
    await settled(Array.from({ length: 6 }, async () => slow.wait(10_000)))
    expect(failing('slow')?.message).toContain('failed 6 of 6 calls')
    const missing = coordinator.registerComponent({ name: 'missing', module: fixture('there-is-none.ts') }) as Remote<
      typeof leaks
    >
    for (let i = 0; i < 3; i++) await settled([missing.ok()])
    expect(failing('missing')?.message).toMatch(/^"missing" could not be loaded 3 times in a row, at last with: /)
  })

  it('is not one whose callers give up, nor one that is not loaded', async () => {
    const fine = register('fine')
    await settled(Array.from({ length: 3 }, async () => withCallOptions(fine, { ifLoaded: true }).ok()))
    await fine.ok()
    const { signal, abort } = { signal: new AbortController(), abort: 'enough' }
    const calls = Array.from({ length: 5 }, async () => withCallOptions(fine, { signal: signal.signal }).wait(20))
    signal.abort(abort)
    await settled(calls)
    await fine.wait(50)
    expect(failing('fine')).toBeUndefined()
    expect(coordinator.info('fine').errors).toBe(0)
    expect(coordinator.errorShareOf('fine')).toBe(0)
  })
})
