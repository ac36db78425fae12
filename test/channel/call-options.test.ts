import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CallTimeoutError, InvalidOptionsError, OverloadedError, withCallOptions } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { rejection, sharedCell, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const begun = sharedCell()
const remote = coordinator.registerComponent<KitchenSink>(sink('options', { config: { begun } }))
let fresh = 0
const unloaded = (): Remote<KitchenSink> =>
  coordinator.registerComponent<KitchenSink>(sink(`slow-${++fresh}`, { config: { initDelay: 60_000 } }))

describe('a timeout', () => {
  it('rejects a call that is not answered, and tells the component', async () => {
    const before = (await remote.abortReasons()).length
    const error = await rejection(withCallOptions(remote, { timeout: 1_000 }).noteAbort())
    expect(error).toBeInstanceOf(CallTimeoutError)
    expect(error).toMatchObject({ component: 'options', method: 'noteAbort', timeout: 1_000 })
    expect((error as Error).stack).toContain('call-options.test.ts')
    await until(async () => (await remote.abortReasons()).length > before)
    expect((await remote.abortReasons()).at(-1)).toMatch(/^TimeoutError: .*noteAbort/)
    await until(() => coordinator.info('options').inUse === 0)
  })

  it('does not touch a call that is answered in time', async () => {
    expect(await withCallOptions(remote, { timeout: 20_000 }).sleep(5)).toBe('slept')
  })

  it('rejects a call that waits for a load', async () => {
    const target = unloaded()
    const error = await rejection(withCallOptions(target, { timeout: 30 }).add(1, 2))
    expect(error).toBeInstanceOf(CallTimeoutError)
    expect(coordinator.info(`slow-${fresh}`)).toMatchObject({ inUse: 0, state: 'loading' })
  })

  it('may be the component’s own, and each call may have another', async () => {
    const hurried = coordinator.registerComponent<KitchenSink>(sink('hurried', { callTimeout: 50 }))
    await coordinator.getComponent('hurried')
    expect(await rejection(hurried.never())).toMatchObject({ code: 'ERR_CALL_TIMEOUT', timeout: 50 })
    expect(await withCallOptions(hurried, { timeout: 5_000 }).sleep(100)).toBe('slept')
    expect(await withCallOptions(hurried, { timeout: 0 }).sleep(100)).toBe('slept')
    expect(await rejection(withCallOptions(hurried.sleep, { timeout: 10 })(1_000))).toMatchObject({ timeout: 10 })
  })

  it('keeps a call from being run after it has passed', async () => {
    const before = await remote.executed()
    const spinning = remote.standStill(150)
    const error = await rejection(withCallOptions(remote, { timeout: 20 }).count())
    expect(error).toBeInstanceOf(CallTimeoutError)
    await spinning
    expect(await remote.executed()).toBe(before)
  })

  it('does not end a stream that has begun', async () => {
    const hurried = withCallOptions(remote, { timeout: 100 })
    const stream = await hurried.numbers(30)
    const first = await stream.next()
    // Its deadline comes after the stream's.
    await rejection(hurried.never())
    const values = [first.value]
    for await (const value of stream) values.push(value)
    expect(values).toHaveLength(30)
  })
})

describe('an abort', () => {
  const reason = new Error('no longer wanted')

  it('before the call rejects it, and nothing is sent or loaded', async () => {
    const target = unloaded()
    expect(await rejection(withCallOptions(target, { signal: AbortSignal.abort(reason) }).add(1, 2))).toBe(reason)
    expect(coordinator.info(`slow-${fresh}`).state).toBe('unloaded')
  })

  it('rejects a call that waits', async () => {
    const target = unloaded()
    const abort = new AbortController()
    const call = rejection(withCallOptions(target, { signal: abort.signal }).add(1, 2))
    await until(() => coordinator.info(`slow-${fresh}`).state === 'loading')
    abort.abort(reason)
    expect(await call).toBe(reason)
    expect(coordinator.info(`slow-${fresh}`).inUse).toBe(0)
  })

  it('rejects a call in flight, and reaches callSignal()', async () => {
    const abort = new AbortController()
    const before = (await remote.abortReasons()).length
    const begunBefore = begun[0]!
    const call = rejection(withCallOptions(remote, { signal: abort.signal }).noteAbort())
    await until(() => begun[0]! > begunBefore)
    abort.abort(reason)
    expect(await call).toBe(reason)
    await until(async () => (await remote.abortReasons()).length > before)
    expect((await remote.abortReasons()).at(-1)).toBe('Error: no longer wanted')
  })

  it('may have a reason that cannot be cloned', async () => {
    const abort = new AbortController()
    const call = rejection(withCallOptions(remote, { signal: abort.signal }).noteAbort())
    const odd = (): void => {}
    abort.abort(odd)
    expect(await call).toBe(odd)
    await until(async () => (await remote.abortReasons()).at(-1)?.startsWith('AbortError') === true)
  })

  it('of one call leaves the others alone', async () => {
    const abort = new AbortController()
    const aborted = rejection(withCallOptions(remote, { signal: abort.signal }).sleep(1_000))
    const other = remote.sleep(50)
    abort.abort(reason)
    expect(await aborted).toBe(reason)
    expect(await other).toBe('slept')
  })

  it('may be shared by many calls, without a warning', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listener)
    const abort = new AbortController()
    const together = withCallOptions(remote, { signal: abort.signal })
    const begunBefore = begun[0]!
    const calls = Array.from({ length: 50 }, async () => rejection(together.never()))
    await until(() => begun[0] === begunBefore + 50)
    abort.abort(reason)
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, () => reason))
    await turn()
    process.off('warning', listener)
    expect(warnings).toEqual([])
  })

  it('after the answer changes nothing', async () => {
    const abort = new AbortController()
    expect(await withCallOptions(remote, { signal: abort.signal }).add(1, 1)).toBe(2)
    abort.abort(reason)
    expect(await remote.add(1, 1)).toBe(2)
  })
})

describe('callSignal()', () => {
  it('is not aborted while the call is wanted', async () => {
    expect(await remote.signalIsAborted()).toBe(false)
    expect(await remote.signalAfter(20)).toBe(false)
  })
})

describe('maxQueue', () => {
  it('refuses what goes beyond it, waiting and under way together', async () => {
    const narrow = coordinator.registerComponent<KitchenSink>(sink('narrow', { maxQueue: 3 }))
    const waiting = Array.from({ length: 3 }, async () => narrow.sleep(20))
    const refused = (await rejection(narrow.add(1, 1))) as OverloadedError
    expect(refused).toBeInstanceOf(OverloadedError)
    expect(refused).toMatchObject({ component: 'narrow', limit: 3 })
    expect(await Promise.all(waiting)).toEqual(['slept', 'slept', 'slept'])
    const underWay = Array.from({ length: 3 }, async () => narrow.sleep(20))
    expect(await rejection(narrow.add(1, 1))).toBeInstanceOf(OverloadedError)
    await Promise.all(underWay)
    expect(await narrow.add(1, 1)).toBe(2)
  })

  it('counts open streams', async () => {
    const narrow = coordinator.component<KitchenSink>('narrow')
    const streams = await Promise.all([narrow.endless(), narrow.endless(), narrow.endless()])
    expect(await rejection(narrow.add(1, 1))).toBeInstanceOf(OverloadedError)
    for (const stream of streams) await stream.return(undefined)
    expect(await narrow.add(1, 1)).toBe(2)
  })
})

describe('withCallOptions', () => {
  it('refuses what is no remote, no timeout, no signal', () => {
    expect(() => withCallOptions({}, {})).toThrow(InvalidOptionsError)
    for (const timeout of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => withCallOptions(remote, { timeout })).toThrow(expect.objectContaining({ option: 'timeout' }))
    }
    expect(() => withCallOptions(remote, { signal: {} as AbortSignal })).toThrow(
      expect.objectContaining({ option: 'signal', expected: 'an AbortSignal' }),
    )
  })

  it('keeps what it is not given', async () => {
    const abort = new AbortController()
    const first = withCallOptions(remote, { signal: abort.signal })
    const second = withCallOptions(first, { timeout: 60_000 })
    const call = rejection(second.never())
    abort.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
    expect(await withCallOptions(remote, {}).nested.deep.hi()).toBe('deep')
  })
})

/** None of them can be listened to. */
const noSignals: Record<string, unknown> = {
  'an object that looks like one': { aborted: false, reason: undefined, addEventListener: () => {} },
  'what inherits from the prototype': Object.create(AbortSignal.prototype),
  'what inherits from it, and has what it needs': Object.create(AbortSignal.prototype, { aborted: { value: false } }),
  'a revoked proxy': revoked(),
  null: null,
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable(new AbortController().signal, {})
  revoke()
  return proxy
}

describe('a signal that is none', () => {
  it.each(Object.keys(noSignals))('is refused: %s', async (what) => {
    const options = { signal: noSignals[what] as AbortSignal }
    const refusal = { code: 'ERR_INVALID_OPTIONS', option: 'signal', expected: 'an AbortSignal' }
    for (const use of [
      () => withCallOptions(remote, options),
      () => coordinator.getComponent('options', options),
      () => coordinator.memory.freeMemory(1, options),
      () => coordinator.locks.acquire('a lock', options),
    ])
      await expect((async () => use())()).rejects.toMatchObject(refusal)
  })
})

describe('options that nobody knows, or of the wrong kind', () => {
  it.each<[string, () => unknown]>([
    ['timout', () => withCallOptions(remote, { timout: 5 } as object)],
    ['options', () => withCallOptions(remote, 7 as unknown as object)],
    ['options', () => withCallOptions(remote, null as unknown as object)],
    ['signal', () => withCallOptions(remote, { signal: 1 as unknown as AbortSignal })],
    ['signal', () => coordinator.getComponent('options', { signal: 1 as unknown as AbortSignal })],
    ['dedline', () => coordinator.unloadComponent('options', { dedline: 1 } as object)],
    ['deadline', () => coordinator.unloadComponent('options', { deadline: -1 })],
    ['level', () => coordinator.memory.plan('hihg' as 'high')],
    ['level', () => coordinator.memory.isAtLeast('hihg' as 'high')],
    ['signal', () => coordinator.memory.freeMemory(1, { signal: 'now' as unknown as AbortSignal })],
    ['deadlin', () => coordinator.shutdown({ deadlin: 1 } as object)],
  ])('%s is refused', async (option, use) => {
    await expect((async () => use())()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
  })
})
