import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isSpillwayError, SpillwayError } from '../../src/contract/errors.ts'
import * as services from '../../src/services/index.ts'

function setUp(): { coordinator: ComponentCoordinator; path: (name: string) => string } {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-services-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
  onTestFinished(async () => void (await coordinator.shutdown()))
  return { coordinator, path: (name) => join(dir, name) }
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error,
  )

test('every service is there, and every error class has its guard', () => {
  const names = Object.keys(services)
  for (const service of [
    'LazyConnectionPool',
    'LazyConnectorManager',
    'LazyHistoricalDataService',
    'LazyOrderService',
    'LazyStrategyManager',
    'LazyValidatorManager',
  ]) {
    expect(names).toContain(service)
  }
  const classes = Object.values(services).filter((value) => Object.prototype.isPrototypeOf.call(SpillwayError, value))
  expect(classes.length).toBeGreaterThanOrEqual(10)
  for (const { name } of classes as { name: string }[]) expect(names).toContain(`is${name}`)
})

test('errors of a service arrive from its thread as what they are', async () => {
  const { coordinator, path } = setUp()
  const orders = new services.LazyOrderService(coordinator, { path: path('orders.db') })
  const broken = await failure(orders.createOrder({ symbol: 'A', side: 'buy', quantity: '0', price: '1' }))
  expect(broken).toBeInstanceOf(services.OrderRuleError)
  expect(broken).toMatchObject({ name: 'OrderRuleError', rule: 'positive-quantity', received: '0' })
  expect(isSpillwayError(broken) && services.isOrderRuleError(broken)).toBe(true)
  expect(await failure(orders.getOrder('nobody'))).toBeInstanceOf(services.OrderNotFoundError)

  coordinator.registerComponent({
    name: 'connector',
    module: new URL('../fixtures/fake-connector.ts', import.meta.url),
    config: { listed: 0 },
  })
  await coordinator.component<{ failWith(message: string): void }>('connector').failWith('down')
  const history = new services.LazyHistoricalDataService(coordinator, {
    path: path('candles.db'),
    connector: { component: 'connector' },
  })
  const unfetched = await failure(history.getHistoricalData('A', 0, 3_600_000, '1h'))
  expect(unfetched).toBeInstanceOf(services.CandleFetchError)
  // Its cause went through two threads.
  expect((unfetched as Error).cause).toBeInstanceOf(services.ConnectorError)
})

test('what lost its prototype is still known by its code', () => {
  expect(isSpillwayError({ code: 'ERR_ORDER_RULE', message: '' })).toBe(true)
  expect(services.isOrderRuleError(structuredClone({ code: 'ERR_ORDER_RULE', message: '' }))).toBe(true)
  expect(isSpillwayError({ code: 'ERR_SOMETHING_ELSE', message: '' })).toBe(false)
})
