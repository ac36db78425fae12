import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import {
  isCallTimeoutError,
  isComponentLoadError,
  isComponentNotFoundError,
  isInvalidOptionsError,
  isNoSuchMethodError,
} from '../../src/contract/errors.ts'
import { LazyValidatorManager } from '../../src/services/lazy-validators.ts'
import type { LazyValidatorManagerOptions } from '../../src/services/lazy-validators.ts'

const limits = new URL('../../src/examples/components/order-limits.ts', import.meta.url)
const awkward = new URL('../fixtures/awkward-validator.ts', import.meta.url)
const order = { symbol: 'BTC', side: 'buy', quantity: '2', price: '10' } as const

const validators = {
  small: { module: limits, config: { symbols: ['BTC', 'ETH'], maxQuantity: 1 } },
  large: { module: limits, config: { symbols: ['ETH', 'BTC'], maxQuantity: 100 } },
}

function setUp(options: LazyValidatorManagerOptions = { validators }): {
  coordinator: ComponentCoordinator
  manager: LazyValidatorManager
} {
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown({ deadline: 3_000 })))
  return { coordinator, manager: new LazyValidatorManager(coordinator, options) }
}

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as Error,
  )

test('a validator is loaded by its first order, and says what is wrong with it', async () => {
  const { coordinator, manager } = setUp()
  expect(manager.keys()).toEqual(['small', 'large'])
  expect(coordinator.list()).toEqual([])
  expect(await manager.validate('large', order)).toEqual({ valid: true, problems: [] })
  expect(await manager.validate('small', { ...order, symbol: 'DOGE' })).toEqual({
    valid: false,
    problems: [
      { validator: 'small', rule: 'symbol-allowed', message: 'DOGE is none of BTC, ETH' },
      { validator: 'small', rule: 'max-quantity', message: '2 is more than 1' },
    ],
  })
  expect(coordinator.list().map(({ name, type }) => [name, type])).toEqual([
    ['validator:large', 'validator'],
    ['validator:small', 'validator'],
  ])
})

test('all of them, or those named, have to agree', async () => {
  const { manager } = setUp()
  expect(await manager.validateAll(order)).toMatchObject({ valid: false, problems: [{ validator: 'small' }] })
  expect(await manager.validateAll(order, ['large'])).toEqual({ valid: true, problems: [] })
  await manager.remove('small')
  expect(await manager.validateAll(order)).toEqual({ valid: true, problems: [] })
})

describe('an order is not valid because its validator', () => {
  const broken = (answer: string): LazyValidatorManagerOptions => ({
    validators: { ...validators, broken: { module: awkward, config: answer } },
    ...(answer === 'hang' && { callTimeout: 300 }),
  })

  test.each(['nothing', 'true', 'strings'])('answers with %s', async (answer) => {
    const { manager } = setUp(broken(answer))
    const error = await failure(manager.validate('broken', order))
    expect(isInvalidOptionsError(error) && error.option).toBe('broken.validate()')
    expect(isInvalidOptionsError(await failure(manager.validateAll(order)))).toBe(true)
  })

  test('throws', async () => {
    const { manager } = setUp(broken('throw'))
    expect(await failure(manager.validate('broken', order))).toMatchObject({ name: 'RangeError', message: 'broken' })
  })

  test('does not answer', async () => {
    const { manager } = setUp(broken('hang'))
    expect(isCallTimeoutError(await failure(manager.validateAll(order, ['broken'])))).toBe(true)
  })

  test('has no such method, or no module, or is not defined', async () => {
    const { manager } = setUp({
      validators: {
        strategy: { module: new URL('../../src/examples/components/moving-average.ts', import.meta.url), config: {} },
        lost: { module: new URL('./no-such-module.ts', import.meta.url) },
      },
    })
    expect(isNoSuchMethodError(await failure(manager.validate('strategy', order)))).toBe(true)
    expect(isComponentLoadError(await failure(manager.validate('lost', order)))).toBe(true)
    expect(isComponentNotFoundError(await failure(manager.validate('nobody', order)))).toBe(true)
    await expect(manager.validateAll(order)).rejects.toBeInstanceOf(AggregateError)
  })
})
