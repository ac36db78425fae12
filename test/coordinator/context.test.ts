import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator, proxy } from '../../src/index.ts'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import type { LockManager } from '../../src/locks/lock-manager.ts'
import { fixture, rejection, sink, until } from '../support/coordinator.ts'
import { standStill } from '../support/stand-still.ts'
import type { KitchenSink } from '../support/coordinator.ts'

interface Request {
  readonly id: string
}

const request = new AsyncLocalStorage<Request>()
const start: Request = { id: 'start' }
const current = (): string => request.getStore()?.id ?? 'none'

interface Setup {
  readonly coordinator: ComponentCoordinator
  /** By what was told: the requests that it was told in. */
  readonly told: Map<string, Set<string>>
}

/** A coordinator made in a context of its own, as a program's start may be, and everything that it tells. */
function setUp(spareWorkers = 0): Setup {
  const told = new Map<string, Set<string>>()
  const note = (what: string): void => {
    told.set(what, (told.get(what) ?? new Set()).add(current()))
  }
  const mixin = (fields: object): object => {
    note('component' in fields ? `a line about ${String(fields.component)}` : 'a line')
    return {}
  }
  const logger = pino({ level: 'info', mixin }, { write: (line: string) => note(`"${parsed(line).msg}"`) })
  const coordinator = request.run(
    start,
    () => new ComponentCoordinator({ logger, spareWorkers, memory: { minIdleTime: 1, checkInterval: 50 } }),
  )
  onTestFinished(async () => void (await coordinator.shutdown()))
  for (const event of ['load', 'loadError', 'unload', 'crash', 'sample', 'pressure', 'exhausted'] as const) {
    coordinator.on(event, () => note(event))
  }
  coordinator.watchCalls(() => note('a call'))
  return { coordinator, told }
}

const parsed = (line: string): { msg: string } => JSON.parse(line) as { msg: string }
const inRequest = async <T>(id: string, run: () => Promise<T>): Promise<T> => request.run({ id }, run)

describe('whatever the coordinator tells', () => {
  test('it tells in the context in which it was made, whoever caused it', async () => {
    const { coordinator, told } = setUp(1)
    const { memory } = coordinator
    const remote = await inRequest('first', async () => {
      const made = coordinator.registerComponent<KitchenSink>(sink('a'))
      await made.log(2)
      expect(current()).toBe('first')
      return made
    })
    await inRequest('second', async () => {
      await remote.log(2)
      await rejection(remote.exit(3))
      expect(current()).toBe('second')
      await remote.log(2)
      await coordinator.unloadComponent('a')
      expect(current()).toBe('second')
    })
    await inRequest('third', async () => {
      await coordinator.getComponent('a')
      coordinator.registerComponent({ name: 'broken', module: fixture('nowhere.ts') })
      await rejection(coordinator.getComponent('broken'))
      await memory.sample()
      expect(current()).toBe('third')
      await memory.freeMemory(2 ** 40)
      expect(current()).toBe('third')
      await remote.add(1, 2)
      memory.configure({ totalLimit: Math.max(1, memory.usage) })
    })
    await until(() => told.has('pressure'))
    await inRequest('last', () => coordinator.shutdown())
    const expected = ['load', 'loadError', 'unload', 'crash', 'sample', 'pressure', 'a call', '"line 1"']
    expect([...told.keys()]).toEqual(expect.arrayContaining([...expected, 'a line about a']))
    for (const [what, requests] of told) expect([what, ...requests]).toEqual([what, 'start'])
  })

  test('also when nothing but time has passed', async () => {
    const { coordinator, told } = setUp()
    await inRequest('first', async () => {
      await coordinator.registerComponent<KitchenSink>(sink('a')).add(1, 1)
    })
    told.clear()
    await until(() => told.has('sample'))
    expect(told.get('sample')).toEqual(new Set(['start']))
  })

  test('also about locks', async () => {
    const stores: string[] = []
    const { LockManager } = await import('../../src/locks/lock-manager.ts')
    const locks: LockManager = request.run(
      start,
      () => new LockManager({ longHold: 5, onLongHold: () => void stores.push(current()) }),
    )
    onTestFinished(() => locks.close())
    await inRequest('first', () => locks.acquire('a'))
    await inRequest('second', () => locks.acquire('b'))
    await until(() => stores.length === 2)
    expect(stores).toEqual(['start', 'start'])
  })
})

test('a callback runs in the context in which it was passed, and a stream is read in that of its reader', async () => {
  const { coordinator } = setUp()
  const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
  const seen: string[] = []
  const called = async (id: string): Promise<void> =>
    inRequest(id, async () => {
      await remote.callBack(
        proxy(() => seen.push(current())),
        2,
      )
    })
  await called('first')
  await called('second')
  expect(seen).toEqual(['first', 'first', 'second', 'second'])
  await inRequest('reader', async () => {
    for await (const _ of remote.numbers(3)) expect(current()).toBe('reader')
  })
})

test('many callbacks at once, too, run each in the context in which it was passed', async () => {
  const { coordinator } = setUp()
  const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
  await remote.add(1, 1)
  const ids = Array.from({ length: 12 }, (_, id) => `request ${id}`)
  const seen = ids.map(async (id) =>
    inRequest(id, async () => {
      let store = 'not called'
      const callback = (): number => {
        // All in all longer than a thread serves calls before others have their turn.
        standStill(6)
        store = current()
        return 0
      }
      await remote.callBack(proxy(callback), 1)
      return store
    }),
  )
  expect(await Promise.all(seen)).toEqual(ids)
})

test('what a request left in its context can be collected once it is over', async () => {
  const { coordinator } = setUp(1)
  const stores: WeakRef<Request>[] = []
  const serve = async (use: () => Promise<unknown>): Promise<void> => {
    const store = { id: 'request' }
    stores.push(new WeakRef(store))
    await request.run(store, use)
  }
  const family = coordinator.registerFamily<KitchenSink>({ name: 'family', module: fixture('kitchen-sink.ts') })
  await serve(async () => coordinator.registerComponent<KitchenSink>(sink('a')).add(1, 1))
  await serve(async () => family.get('x').add(1, 1))
  await serve(async () => coordinator.preload(['a', 'family:x']))
  await serve(async () => {
    for await (const _ of coordinator.component<KitchenSink>('a').numbers(3));
  })
  await serve(async () => coordinator.unloadComponent('a'))
  await serve(async () => {
    using lease = await coordinator.acquire<KitchenSink>('a')
    await lease.component.add(1, 1)
  })
  await serve(async () => coordinator.memory.sample())
  await serve(async () => coordinator.memory.freeMemory(1))
  await serve(async () => {
    const lock = await coordinator.locks.acquire('lock')
    const waiting = coordinator.locks.acquire('lock')
    lock.release()
    ;(await waiting).release()
  })
  await serve(async () => {
    coordinator.memory.configure({ minIdleTime: 2 })
    await coordinator.getComponent('a')
  })
  await expect
    .poll(async () => {
      await turn()
      collectGarbage()
      return stores.flatMap((store, index) => (store.deref() ? [index] : []))
    })
    .toEqual([])
})
