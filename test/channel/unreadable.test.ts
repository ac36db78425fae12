import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { isValueError, proxy, ValueError, withCallOptions } from '../../src/index.ts'
import { nested, registerHandlers } from '../fixtures/deep-values.ts'
import type deepValues from '../fixtures/deep-values.ts'
import { fixture, quietCoordinator, rejection, sharedCoordinator, until } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const counters = new Int32Array(new SharedArrayBuffer(16))
const definition = { module: fixture('deep-values.ts'), config: { counters } }
const remote = coordinator.registerComponent<typeof deepValues>({ name: 'deep', ...definition })
const inUse = (): number => coordinator.info('deep').inUse
registerHandlers(true)

/** How deep a value may be nested that this thread can still read. */
function deepestClone(): number {
  let [readable, tooMuch] = [1, 1_000_000]
  while (tooMuch - readable > 1) {
    const depth = Math.floor((readable + tooMuch) / 2)
    try {
      structuredClone(nested(depth))
      readable = depth
    } catch {
      tooMuch = depth
    }
  }
  return readable
}

async function read(stream: AsyncIterable<unknown>): Promise<{ values: unknown[]; error: unknown }> {
  const values: unknown[] = []
  try {
    for await (const value of stream) values.push(value)
  } catch (error) {
    return { values, error }
  }
  return { values, error: undefined }
}

describe('what the main thread cannot read', () => {
  it('fails the call that answers with it, by its name, and no other', async () => {
    const answers = await Promise.allSettled([
      remote.echo(1),
      remote.deep(),
      remote.echo({ a: 2 }),
      remote.deep(),
      remote.echo(new Map([[3, 3]])),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
    const { reason } = answers[1] as PromiseRejectedResult
    expect(reason).toBeInstanceOf(ValueError)
    expect(reason).toMatchObject({ code: 'ERR_VALUE', component: 'deep', what: 'result of deep()' })
    expect((reason as Error).stack).toContain('unreadable.test.ts')
    expect(inUse()).toBe(0)
  })

  it('leaves an error without it', async () => {
    const error = await rejection(remote.deepError())
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'deep', code: 'E_DEEP' })
    expect(isValueError(await rejection(remote.deepThrown()))).toBe(true)
    expect(inUse()).toBe(0)
  })

  it('ends a stream where it would have come', async () => {
    const cleanups = counters[1] ?? 0
    const { values, error } = await read(remote.deepStream())
    expect(values).toEqual([1])
    expect(isValueError(error)).toBe(true)
    await until(() => inUse() === 0 && counters[1] === cleanups + 1)
    expect(await read(remote.deepFailure())).toMatchObject({ values: [1], error: { message: 'deep' } })
    const last = await read(remote.deepEnd())
    expect({ ...last, error: isValueError(last.error) }).toEqual({ values: [1], error: true })
    await until(() => inUse() === 0)
  })

  it('ends a stream on both sides also where only a transfer handler cannot take it in', async () => {
    const cleanups = counters[1] ?? 0
    expect(await read(remote.badStream())).toMatchObject({ values: [1], error: { message: 'not to be received' } })
    await until(() => inUse() === 0 && counters[1] === cleanups + 1)
    expect(await rejection(remote.bad())).toMatchObject({ message: 'not to be received' })
    expect(inUse()).toBe(0)
  })

  it('fails a callback whose argument it is', async () => {
    let called = 0
    const outcome = await remote.callWithDeep(proxy(() => called++))
    expect({ outcome, called }).toEqual({ outcome: 'ERR_VALUE', called: 0 })
  })

  it('does not hold up an unload', async () => {
    await Promise.allSettled([remote.deep(), read(remote.deepStream())])
    expect(await coordinator.unloadComponent('deep')).toMatchObject({ zombie: false, reason: 'requested' })
  })

  it('may be the last word of a worker', async () => {
    const own = quietCoordinator({ spareWorkers: 0 })
    const crashes: unknown[] = []
    own.on('crash', (crash) => crashes.push(crash))
    const dying = own.registerComponent<typeof deepValues>({ name: 'dying', ...definition })
    await dying.echo(1)
    const last = rejection(dying.deepAndExit())
    const innocent = rejection(dying.never())
    // Calls are posted at the end of the microtask. Then this thread hears nothing until the worker is gone.
    await Promise.resolve()
    Atomics.wait(counters, 3, 0)
    Atomics.wait(counters, 3, 1, 200)
    expect([isValueError(await last), await innocent]).toMatchObject([true, { code: 'ERR_COMPONENT_CRASHED' }])
    await expect.poll(() => crashes).toMatchObject([{ name: 'dying' }])
    expect(await dying.echo('again')).toBe('again')
    await own.shutdown()
  })
})

describe('what a component cannot read', () => {
  const resourceLimits = { stackSizeMb: 1 }
  // Too deep for that to read, and not too deep for this thread to write.
  const depth = 3_000

  it('fails its call, which is not run, and no other', async () => {
    const small = coordinator.registerComponent<typeof deepValues>({ name: 'small', ...definition, resourceLimits })
    const before = await small.take()
    const calls = [
      small.take({ a: 1 }),
      small.take(1, nested(depth)),
      small.take(
        proxy(() => 1),
        nested(depth),
      ),
      small.take(2),
    ]
    const answers = await Promise.allSettled(calls)
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    const { reason } = answers[1] as PromiseRejectedResult
    expect(reason).toMatchObject({ code: 'ERR_VALUE', component: 'small', what: 'arguments of take()' })
    expect((answers[3] as PromiseFulfilledResult<number>).value).toBe(before + 2)
    await until(() => coordinator.info('small').inUse === 0)
    expect(await coordinator.unloadComponent('small')).toMatchObject({ zombie: false })
  })

  it('does not keep it from hearing of an abort whose reason it is, nor from anything else', async () => {
    const small = coordinator.registerComponent<typeof deepValues>({ name: 'aborted', ...definition, resourceLimits })
    const bystander = small.lateProxy()
    const abort = new AbortController()
    const given = rejection(withCallOptions(small, { signal: abort.signal }).never())
    await small.take()
    // Not too deep for this thread to copy.
    const reason = nested(Math.floor(deepestClone() * 0.95))
    abort.abort(reason)
    await Promise.all([small.take(), small.take()])
    expect(await given).toBe(reason)
    await small.tell()
    expect(typeof (await bystander)).toBe('function')
  })

  it('fails its load at once when it is in its config', async () => {
    const config = { counters, deep: nested(Math.floor(deepestClone() * 0.95)) }
    const small = coordinator.registerComponent<typeof deepValues>({
      name: 'config',
      ...definition,
      config,
      resourceLimits,
    })
    expect(await rejection(small.take())).toMatchObject({ code: 'ERR_COMPONENT_LOAD', cause: { code: 'ERR_VALUE' } })
  })
})

describe('what a worker says of itself', () => {
  it('is told without what the main thread cannot read', async () => {
    const failing = coordinator.registerComponent<typeof deepValues>({
      name: 'failing',
      ...definition,
      config: { counters, failDeeply: true },
    })
    expect(await rejection(failing.take())).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      cause: { name: 'RangeError', message: 'failed deeply' },
    })
  })

  it('comes line by line in its log, also where a field is too deep', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const own = quietCoordinator({ logger })
    const logging = own.registerComponent<typeof deepValues>({ name: 'logging', ...definition })
    await logging.logDeeply()
    await expect.poll(() => lines.join('')).toContain('a flat line')
    const line = lines.find((text) => text.includes('a deep line'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ flat: 1 })
    await own.shutdown()
  })
})
