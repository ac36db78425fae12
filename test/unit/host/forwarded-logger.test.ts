import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/host/control.ts'
import {
  createForwardedLogger,
  LogForwarder,
  mostUnwritten,
  mostUnwrittenCharacters,
} from '../../../src/host/forwarded-logger.ts'

interface Batch {
  readonly records: readonly LogRecord[]
  readonly dropped: number
}

function setUp(level = 'trace') {
  const batches: Batch[] = []
  const forwarder = new LogForwarder((records, dropped) => batches.push({ records, dropped }))
  return { batches, forwarder, logger: createForwardedLogger(forwarder, level, { part: 'a' }) }
}

describe('an error that is logged', () => {
  it.each<[string, () => unknown]>([
    ['is its own cause', () => Object.assign(new Error('a'), { self: 0 })],
    [
      'refers to one that refers to it',
      () => {
        const [a, b] = [new Error('a'), new Error('b')]
        return Object.assign(a, { original: Object.assign(b, { wrapped: a }) })
      },
    ],
    [
      'ends a long chain',
      () => Array.from({ length: 3_000 }).reduce((previous) => Object.assign(new Error('n'), { previous }), undefined),
    ],
    [
      'stands in a web',
      () => {
        const web = Array.from({ length: 30 }, (_, n) => new Error(`n${n}`))
        for (const error of web) Object.assign(error, Object.fromEntries(web.entries()))
        return web[0]
      },
    ],
  ])('%s, is told all the same, again and again', (_, make) => {
    const { batches, forwarder, logger } = setUp()
    for (let line = 0; line < 20; line++) {
      const error = make() as Error & { self?: unknown }
      if ('self' in error) error.self = error
      logger.error({ err: error }, 'failed')
      forwarder.flush()
    }
    expect(batches).toHaveLength(20)
    const lines = batches.flatMap(({ records }) => records)
    for (const line of lines) expect(line.fields['err']).toMatchObject({ type: 'Error' })
    expect(() => structuredClone(lines)).not.toThrow()
    // What anybody reads, not what can be unrolled.
    expect(JSON.stringify(lines[0]).length).toBeLessThan(200_000)
  })
})

describe('LogForwarder', () => {
  it('sends what one turn of the event loop logged as one batch, in order', async () => {
    const { batches, logger } = setUp()
    logger.info('one')
    logger.warn({ n: 2 }, 'two of %d', 3)
    expect(batches).toEqual([])
    await turn()
    expect(batches).toMatchObject([
      {
        dropped: 0,
        records: [
          { level: 'info', message: 'one', fields: { part: 'a' } },
          { level: 'warn', message: 'two of 3', fields: { part: 'a', n: 2 } },
        ],
      },
    ])
  })

  it('drops what comes while too much waits to be written, over any number of turns, and says how much', async () => {
    const { batches, forwarder, logger } = setUp()
    for (let line = 0; line < mostUnwritten; line++) {
      logger.info({ line }, 'line')
      if (line % 1_000 === 999) await turn()
    }
    for (let line = 0; line < 5; line++) {
      logger.info('too much')
      await turn()
    }
    const lines = batches.flatMap(({ records }) => records.map(({ fields }) => fields['line']))
    expect(lines).toEqual(Array.from({ length: mostUnwritten }, (_, line) => line))

    forwarder.written(1_000)
    expect(batches.at(-1)).toEqual({ records: [], dropped: 5 })
    for (let line = 0; line < 1_001; line++) logger.info('again')
    forwarder.flush()
    expect(batches.at(-1)).toMatchObject({ dropped: 1 })
    expect(batches.at(-1)?.records).toHaveLength(1_000)
  })

  it('drops large lines sooner, so that what waits stays small in memory', () => {
    const { batches, forwarder, logger } = setUp()
    const large = 'x'.repeat(mostUnwrittenCharacters / 8)
    for (let line = 0; line < 6; line++) {
      logger.info({ large })
      logger.info(large)
    }
    logger.info({ bytes: new Uint8Array(mostUnwrittenCharacters) }, 'too large by itself')
    forwarder.flush()
    expect(batches.map(({ records, dropped }) => [records.length, dropped])).toEqual([[7, 6]])
    forwarder.written(7)
    for (let line = 0; line < 7; line++) logger.info(large)
    forwarder.flush()
    expect(batches.at(-1)).toMatchObject({ dropped: 0 })
  })

  it('has room again for all once everything is written', async () => {
    const { batches, forwarder, logger } = setUp()
    for (let round = 0; round < 3; round++) {
      for (let line = 0; line < mostUnwritten; line++) logger.info('line')
      await turn()
      forwarder.written(mostUnwritten)
    }
    expect(batches.map(({ records, dropped }) => [records.length, dropped])).toEqual(
      Array.from({ length: 3 }, () => [mostUnwritten, 0]),
    )
  })
})

describe('a forwarded logger', () => {
  it('makes nothing of what is below its level', () => {
    const { batches, forwarder, logger } = setUp('warn')
    logger.info('not this')
    logger.child({ more: 1 }).debug('nor this')
    forwarder.flush()
    expect(batches).toEqual([])
    expect(logger.isLevelEnabled('error')).toBe(true)
    expect(logger.isLevelEnabled('info')).toBe(false)
  })

  it('sends errors with type, message, stack and their own fields, and what cannot be cloned as text', () => {
    const { batches, forwarder, logger } = setUp()
    logger.error(Object.assign(new RangeError('too far'), { code: 'E_FAR' }))
    logger.info({ callback: () => 1, big: 2n, cyclic: selfContaining() }, 'odd')
    forwarder.flush()
    const [error, odd] = batches[0]?.records ?? []
    expect(error).toMatchObject({
      message: 'too far',
      fields: { err: { type: 'RangeError', message: 'too far', code: 'E_FAR', stack: expect.any(String) as string } },
    })
    expect(odd?.fields['callback']).toEqual(expect.any(String))
    expect(structuredClone(odd)).toEqual(odd)
  })
})

function selfContaining(): object {
  const object: Record<string, unknown> = {}
  object['self'] = object
  return object
}

describe('what is logged', () => {
  const hostile = {
    'an error with a getter that throws': Object.defineProperty(new Error('x'), 'detail', {
      enumerable: true,
      get: () => expect.fail('read'),
    }),
    'an error whose name cannot be a string': Object.assign(new Error('x'), { name: Symbol('n') }),
    'an error without a stack that can be read': Object.defineProperty(new Error('x'), 'stack', {
      get: () => expect.fail('read'),
    }),
    'an error without a message that can be read': Object.defineProperty(new Error('x'), 'message', {
      get: () => expect.fail('read'),
    }),
    'an error whose message cannot be a string': Object.assign(new Error('x'), { message: Symbol('m') }),
    'a proxy of an error that refuses': new Proxy(new Error('x'), { get: () => expect.fail('read') }),
    'an object that cannot be a string': {
      toString: () => expect.fail('converted'),
      [Symbol.toPrimitive]: () => expect.fail('converted'),
    },
    'an object with a getter that throws': Object.defineProperty({}, 'detail', {
      enumerable: true,
      get: () => expect.fail('read'),
    }),
    'an object without a prototype': Object.assign(Object.create(null) as object, { f: () => {} }),
    'an object that inspects badly': {
      f: () => {},
      [Symbol.for('nodejs.util.inspect.custom')]: () => expect.fail('inspected'),
    },
    'a proxy that refuses': new Proxy({}, { ownKeys: () => expect.fail('listed') }),
    'a revoked proxy': revoked(),
    'a symbol': Symbol('s'),
    'something deep': nested(3_000),
    'a deep Map': new Map([['a', new Set([nested(3_000)])]]),
    'a chain of causes': { error: causes(3_000) },
  }
  it.for(Object.keys(hostile) as (keyof typeof hostile)[])(
    'makes a record that can be read by the other side, whatever it is: %s',
    (what) => {
      const { batches, forwarder, logger } = setUp()
      logger.error({ err: hostile[what], fine: 1 }, 'it says')
      logger.child({ err: hostile[what] }).info('and %s', 'so on')
      logger.info(hostile[what] as object)
      logger.child(hostile[what] as Record<string, unknown>).info('bound')
      for (const placeholder of ['%s', '%d', '%j', '%o', 'none']) logger.info(placeholder, hostile[what])
      forwarder.flush()
      const records = batches.flatMap((batch) => batch.records)
      expect(records).toHaveLength(9)
      expect(records[0]).toMatchObject({ message: 'it says', fields: { part: 'a', fine: 1 } })
      expect(records[1]).toMatchObject({ message: 'and so on' })
      expect(() => structuredClone(records)).not.toThrow()
      expect(JSON.stringify(records).length).toBeLessThan(100_000)
    },
  )
})

it('a field that cannot be read says so, beside those that can', () => {
  const { batches, forwarder, logger } = setUp()
  const fields = {
    orders: 3,
    get price(): number {
      throw new RangeError('no price')
    },
  }
  logger.info(fields, 'told')
  logger.child(fields).info('bound')
  forwarder.flush()
  for (const record of batches.flatMap(({ records }) => records)) {
    expect(record.fields).toEqual({ part: 'a', orders: 3, price: '(unreadable: RangeError: no price)' })
  }
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function nested(levels: number): object {
  let value: object = {}
  for (let level = 0; level < levels; level++) value = { value }
  return value
}

function causes(levels: number): Error {
  let error = new Error('first')
  for (let level = 0; level < levels; level++) error = new Error('then', { cause: error })
  return error
}
