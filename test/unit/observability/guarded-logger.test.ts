import { AsyncLocalStorage } from 'node:async_hooks'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { keepContext } from '../../../src/base/context.ts'
import { GuardedLogger } from '../../../src/observability/guarded-logger.ts'
import type { Logger } from '../../../src/contract/logger.ts'

const request = new AsyncLocalStorage<string>()

function warnings(): string[] {
  const seen: string[] = []
  const note = (warning: Error & { code?: string }): void => {
    if (warning.code === 'SPILLWAY_LOG_FAILED') seen.push(warning.message)
  }
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  return seen
}

const guarded = (logger: unknown): GuardedLogger => new GuardedLogger(() => logger as Logger, keepContext())
const fail = (): never => {
  throw new RangeError('broken')
}
const prototypeless: unknown = Object.create(null)

describe('a line that the logger fails at', () => {
  const failing: Record<string, unknown> = {
    'a serializer': pino({ serializers: { odd: fail } }, { write: () => {} }),
    'a mixin': pino({ mixin: fail }, { write: () => {} }),
    'a hook': pino({ hooks: { logMethod: fail } }, { write: () => {} }),
    'a formatter': pino({ formatters: { log: fail } }, { write: () => {} }),
    'a destination': pino({}, { write: fail }),
    'a method that rejects': { info: () => Promise.reject(new RangeError('broken')) },
    'a getter': {
      get info() {
        return fail()
      },
    },
  }
  test.for(Object.keys(failing))('is told by a warning, and goes no further: %s', async (what) => {
    const seen = warnings()
    guarded(failing[what]).info({ odd: 1, secret: 's3cret', component: 'orders' }, 'order placed')
    await expect
      .poll(() => seen)
      .toEqual(['The logger failed (RangeError: broken) at a line of component "orders", info: order placed'])
  })

  test.for([
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object without a prototype', prototypeless, 'an object'],
  ] as const)('is told whatever was thrown: %s', async ([, thrown, described]) => {
    const seen = warnings()
    const logger = guarded({
      warn: () => {
        throw thrown
      },
    })
    logger.warn('a line')
    await expect.poll(() => seen).toEqual([`The logger failed (${described}) at a line, warn: a line`])
  })

  test('names the component of the child it was given to, when no child can be made either', async () => {
    const seen = warnings()
    const child = guarded({ child: fail }).child({ component: 'orders' })
    expect(child.level).toBe('info')
    child.error({ err: new Error('x') })
    await expect
      .poll(() => seen)
      .toEqual(['The logger failed (RangeError: broken) at a line of component "orders", error: (no message)'])
  })

  test.for<[string, object]>([
    ['a getter that throws', Object.defineProperty({}, 'component', { enumerable: true, get: fail })],
    ['a proxy that refuses', new Proxy({}, { has: fail, get: fail, ownKeys: fail })],
  ])('is told whatever was logged: %s', async ([, fields]) => {
    const seen = warnings()
    const logger = guarded({ info: fail, child: fail })
    logger.info(fields, 'a line')
    await expect.poll(() => seen).toEqual(['The logger failed (RangeError: broken) at a line, info: a line'])
    expect(() => logger.child(fields as Record<string, unknown>).info(fields, 'a line')).not.toThrow()
  })

  test('is the first of many: the others are told together, now and then, also those of children', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const seen = warnings()
    const logger = guarded({ info: fail, child: () => ({ info: fail }) })
    const flood = (): void => {
      for (let line = 0; line < 500; line++) {
        logger.info('a line')
        logger.child({ component: 'orders' }).info('its line')
      }
    }
    const first = 'The logger failed (RangeError: broken) at a line, info: a line'
    const rest =
      'The logger failed at 999 more lines, at last (RangeError: broken) at a line of component "orders", info: its line'
    flood()
    await expect.poll(() => seen).toEqual([first])
    vi.advanceTimersByTime(10_000)
    await expect.poll(() => seen).toEqual([first, rest])
    logger.info('a line')
    vi.advanceTimersByTime(10_000)
    const single = 'The logger failed at 1 more line, at last (RangeError: broken) at a line, info: a line'
    await expect.poll(() => seen).toEqual([first, rest, single])
    vi.advanceTimersByTime(10_000)
    logger.info('a line')
    await expect.poll(() => seen).toEqual([first, rest, single, first])
  })

  test('does not keep the next one from being written', () => {
    const lines: string[] = []
    const logger = guarded(pino({ serializers: { odd: fail } }, { write: (line: string) => void lines.push(line) }))
    logger.info({ odd: 1 }, 'first')
    logger.info({ even: 2 }, 'second')
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['second'])
  })
})

test('a line is written in the context in which the logger was made', () => {
  const stores: unknown[] = []
  const write = (): void => void stores.push(request.getStore())
  const logger = request.run('start', () => guarded({ info: write, child: () => ({ info: write }) }))
  request.run('request', () => {
    logger.info('a line')
    logger.child({ component: 'x' }).info('a line')
  })
  logger.info('a line')
  expect(stores).toEqual(['start', 'start', 'start'])
})

test('the level is that of the logger, also when it is changed', () => {
  const given = pino({ level: 'warn' }, { write: () => {} })
  const logger = guarded(given)
  expect(logger.level).toBe('warn')
  given.level = 'debug'
  expect(logger.level).toBe('debug')
})

test('a line is written by the nearest method that there is', () => {
  const lines: unknown[] = []
  const few = { info: (line: string) => lines.push(line), child: () => few }
  const logger = guarded(few)
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level](level)
  expect(lines).toEqual(['info', 'warn', 'error', 'fatal'])
})
