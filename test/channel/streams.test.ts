import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { withCallOptions } from '../../src/index.ts'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const counters = new Int32Array(new SharedArrayBuffer(16))
const remote = coordinator.registerComponent<KitchenSink>(sink('streams', { config: { counters } }))
/** Clean-ups of generators in the component. */
const cleanups = (): number => counters[2] ?? 0
const inUse = (): number => coordinator.info('streams').inUse

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = []
  for await (const value of stream) values.push(value)
  return values
}

describe('a stream', () => {
  it('is read without being awaited first', async () => {
    expect(await collect(remote.numbers(5))).toEqual([0, 1, 2, 3, 4])
  })

  it('may be awaited first', async () => {
    expect(await collect(await remote.numbers(5))).toEqual([0, 1, 2, 3, 4])
  })

  it('returns what the generator returned, and is over then', async () => {
    const stream = await remote.numbers(1)
    expect(await stream.next()).toEqual({ value: 0, done: false })
    expect(await stream.next()).toEqual({ value: 'end', done: true })
    expect(await stream.next()).toEqual({ value: undefined, done: true })
    expect(inUse()).toBe(0)
  })

  it('may be empty', async () => {
    expect(await collect(remote.numbers(0))).toEqual([])
  })

  it('may be long', async () => {
    const values = await collect(remote.numbers(5_000))
    expect(values).toHaveLength(5_000)
    expect(values.at(-1)).toBe(4_999)
  })

  it('answers reads that are made at once in their order', async () => {
    const stream = await remote.numbers(40)
    const steps = await Promise.all(Array.from({ length: 42 }, async () => stream.next()))
    expect(steps.slice(0, 40).map(({ value }) => value)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(steps[40]).toEqual({ value: 'end', done: true })
    expect(steps[41]).toEqual({ value: undefined, done: true })
  })

  it('is never more than its window ahead of its reader', async () => {
    const stream = await remote.numbers(1_000)
    expect(await remote.produced()).not.toBe(1_000)
    const ahead: number[] = []
    for await (const value of stream) {
      const read = value + 1
      if (read % 20 === 0) ahead.push((await remote.produced()) - read)
      if (read === 200) break
    }
    await until(() => inUse() === 0)
    ahead.push((await remote.produced()) - 200)
    expect(ahead).toHaveLength(11)
    expect(Math.max(...ahead)).toBeLessThanOrEqual(16)
  })

  it('answers a read that is under way although nobody holds the stream any more', async () => {
    const step = (async () => (await remote.slowNumbers(2, 200)).next())()
    await until(() => inUse() === 1)
    let isAnswered = false
    void step.then(() => (isAnswered = true))
    await until(() => {
      collectGarbage()
      return isAnswered
    })
    expect(await step).toEqual({ value: 0, done: false })
    await until(() => {
      collectGarbage()
      return inUse() === 0
    })
  })

  it('may be ended before it is read for the first time, awaited or not', async () => {
    const before = cleanups()
    await remote.numbers(5)[Symbol.asyncIterator]().return?.(undefined)
    await rejection(remote.numbers(5)[Symbol.asyncIterator]().throw?.(new Error('enough')) ?? Promise.resolve())
    Readable.from(remote.endless()).destroy()
    await (await remote.endless()).return(undefined)
    const neverAnswered = remote.throwError() as unknown as AsyncIterable<never>
    await neverAnswered[Symbol.asyncIterator]().return?.(undefined)
    await until(() => inUse() === 0)
    expect(cleanups()).toBe(before)
  })

  it('does nothing before it is read', async () => {
    const before = await remote.executed()
    const stream = await remote.numbers(10)
    expect(await remote.executed()).toBe(before)
    expect(inUse()).toBe(1)
    await stream.return('unread')
    await until(() => inUse() === 0)
  })

  it('moves values that are marked so', async () => {
    const values = await collect(remote.buffers(3))
    expect(values.map((value) => value[0])).toEqual([0, 1, 2])
  })

  it('throws what the generator throws, with both stacks', async () => {
    const values: number[] = []
    const error = await rejection(
      (async () => {
        for await (const value of remote.failing()) values.push(value)
      })(),
    )
    expect(values).toEqual([1])
    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).stack).toContain('kitchen-sink.ts')
    expect((error as Error).stack).toContain('failing() of component "streams"')
    expect(inUse()).toBe(0)
  })

  it('ends with an error at a value that cannot be cloned', async () => {
    const before = cleanups()
    const stream = await remote.uncloneableValues()
    expect(await stream.next()).toEqual({ value: 1, done: false })
    expect(await rejection(stream.next())).toMatchObject({ what: 'result of uncloneableValues()' })
    expect(await stream.next()).toEqual({ value: undefined, done: true })
    await until(() => cleanups() === before + 1)
  })

  it('that is no stream says so', async () => {
    await expect(collect(remote.add(1, 1) as unknown as AsyncIterable<number>)).rejects.toThrow(TypeError)
    const error = await rejection(collect(remote.throwError() as unknown as AsyncIterable<number>))
    expect(error).toMatchObject({ code: 'E_ORDER' })
  })
})

describe('the end of a stream on both sides', () => {
  it('comes with break', async () => {
    const before = cleanups()
    for await (const value of remote.endless()) if (value === 40) break
    await until(() => cleanups() === before + 1)
    expect(inUse()).toBe(0)
  })

  it('comes with a throw in the loop', async () => {
    const before = cleanups()
    const error = await rejection(
      (async () => {
        for await (const value of remote.endless()) if (value === 3) throw new Error('enough')
      })(),
    )
    expect(error).toMatchObject({ message: 'enough' })
    await until(() => cleanups() === before + 1)
  })

  it('comes with return(), throw() and the end of its scope', async () => {
    const before = cleanups()
    const first = await remote.endless()
    await first.next()
    expect(await first.return('mine')).toEqual({ value: 'mine', done: true })
    const second = await remote.endless()
    await second.next()
    await expect(second.throw(new Error('thrown in'))).rejects.toThrow('thrown in')
    {
      await using third = await remote.endless()
      await third.next()
    }
    await until(() => cleanups() === before + 3)
    expect(inUse()).toBe(0)
  })

  it('comes with an abort, at once', async () => {
    const before = cleanups()
    const abort = new AbortController()
    const reason = new Error('stop')
    const stream = await withCallOptions(remote, { signal: abort.signal }).endless()
    await stream.next()
    // What was read ahead has arrived by the time of a later answer.
    await remote.add(1, 1)
    abort.abort(reason)
    expect(await rejection(stream.next())).toBe(reason)
    expect(await stream.next()).toEqual({ value: undefined, done: true })
    await until(() => cleanups() === before + 1 && inUse() === 0)
  })

  it('comes with an abort that a waiting reader hears of', async () => {
    const abort = new AbortController()
    const stream = await withCallOptions(remote, { signal: abort.signal }).numbers(1)
    await stream.next()
    await stream.next()
    const never = await withCallOptions(remote, { signal: abort.signal }).endless()
    const reads = Array.from({ length: 3 }, async () => never.next())
    await Promise.all(reads)
    abort.abort(new Error('stop'))
    expect(await stream.next()).toEqual({ value: undefined, done: true })
    expect(await rejection(never.next())).toMatchObject({ message: 'stop' })
  })

  it('comes with an unload', async () => {
    const unloading = coordinator.registerComponent<KitchenSink>(sink('unloading'))
    const stream = await unloading.endless()
    await stream.next()
    await coordinator.unloadComponent('unloading', { deadline: 20 })
    expect(await rejection(collect(stream))).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'terminated' })
    expect(await unloading.generation()).toBe(2)
  })

  it('holds an unload until its deadline, and no longer once it is read', async () => {
    const draining = coordinator.registerComponent<KitchenSink>(sink('draining'))
    const stream = await draining.numbers(200)
    await stream.next()
    const unloading = coordinator.unloadComponent('draining')
    const rest = await collect(stream)
    expect(rest).toHaveLength(199)
    expect(await unloading).toMatchObject({ generation: 1 })
  })

  it('comes when nobody holds it any more', async () => {
    await remote.endless()
    await until(() => {
      collectGarbage()
      return inUse() === 0
    })
    expect(inUse()).toBe(0)
  })
})

describe('an iterator that misbehaves', () => {
  it.each(['return throws', 'sync return'] as const)('%s: the worker lives', async (what) => {
    const stream = (await remote.oddStream(what)) as AsyncGenerator<number>
    expect((await stream.next()).done).toBe(false)
    await stream.return(undefined)
    await until(() => inUse() === 0)
    expect(await remote.generation()).toBe(1)
  })

  it('without next is an error', async () => {
    const stream = (await remote.oddStream('no next')) as AsyncGenerator<number>
    expect(await rejection(stream.next())).toBeInstanceOf(TypeError)
  })

  it('that does not open is an error', async () => {
    expect(await rejection(remote.oddStream('open throws'))).toMatchObject({
      name: 'RangeError',
      message: 'not opened',
    })
    expect(inUse()).toBe(0)
  })
})
