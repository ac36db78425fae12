import { setImmediate as turn } from 'node:timers/promises'
import { proxy } from 'comlink'
import type { ProxyMarked } from 'comlink'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Remote } from '../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isCallTimeoutError, isLockTimeoutError } from '../../src/contract/errors.ts'
import type lockSteps from '../fixtures/lock-steps.ts'
import type { Step } from '../fixtures/lock-steps.ts'

type Party = Remote<typeof lockSteps>

interface Started {
  readonly coordinator: ComponentCoordinator
  readonly logged: { msg: string; cycle?: string[] }[]
  /** Registers a component; `whileLoading`: what its initialiser does. */
  readonly add: (name: string, dependencies?: string[], whileLoading?: readonly Step[]) => Party
}

function start(isolation: 'thread' | 'process' = 'thread'): Started {
  const logged: Started['logged'] = []
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as Started['logged'][number]) }),
  })
  onTestFinished(async () => void (await coordinator.shutdown({ deadline: 100 })))
  const module = new URL('../fixtures/lock-steps.ts', import.meta.url)
  return {
    coordinator,
    logged,
    add: (name, dependencies = [], whileLoading = []) =>
      coordinator.registerComponent<typeof lockSteps>({
        name,
        module,
        isolation,
        dependencies,
        config: { whileLoading },
      }),
  }
}

/** What a component calls back with `tell`: each word waits until the test opens it, but for those it does not know. */
function gates(...words: string[]): {
  tell: ((word: string) => Promise<void>) & ProxyMarked
  reached: (word: string) => Promise<void>
  open: (word: string) => void
} {
  const known = new Map(
    words.map((word) => [word, { reached: Promise.withResolvers<void>(), open: Promise.withResolvers<void>() }]),
  )
  return {
    tell: proxy(async (word: string) => {
      known.get(word)?.reached.resolve()
      await known.get(word)?.open.promise
    }),
    reached: async (word) => known.get(word)?.reached.promise,
    open: (word) => known.get(word)?.open.resolve(),
  }
}

/** For components that have nothing to tell. */
const nobody = proxy((): void => undefined)

async function contended(coordinator: ComponentCoordinator, name: string, waiters = 1): Promise<void> {
  await expect
    .poll(() => coordinator.locks.list().find((lock) => lock.name === name)?.waiters.length, { timeout: 10_000 })
    .toBe(waiters)
}

/** Takes two locks in this thread, one after the other. */
async function takeBoth({ locks }: ComponentCoordinator, first: string, second: string): Promise<void> {
  using _first = await locks.acquire(first)
  await turn()
  using _second = await locks.acquire(second)
}

/** The cycle that an error of the lock carries, without the numbers of calls. */
function cycleOf(error: unknown): string[] {
  expect(error).toSatisfy(isLockTimeoutError)
  const { cycle = [] } = error as { cycle?: readonly string[] }
  return cycle.map((step) => step.replace(/#\d+\/call#\d+|#\d+\/(?=load)/, ' '))
}

/** Settles both, and gives what one of them rejected with. */
async function theOneRefused(both: readonly Promise<unknown>[]): Promise<unknown> {
  const results = await Promise.allSettled(both)
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))[0]
}

/** The same cycle, begun at the step that comes first in the alphabet. */
function turned(cycle: readonly string[]): string[] {
  const round = cycle.slice(1)
  const first = round.indexOf(round.toSorted()[0] ?? '')
  return [...round.slice(first), ...round.slice(0, first)]
}

const throughD = turned(['', 'k1', 'component:a ', 'call of d', 'component:d ', 'k2', 'component:b '])

/** A holds k1 and is about to have D take k2; B holds k2. Resolves once both hold theirs. */
async function opposed(
  started: Started,
  viaD: (then: readonly Step[]) => Step,
): Promise<{ a: Promise<string>; b: Promise<string> }> {
  const { coordinator, add } = started
  const [a, b] = [add('a', ['d']), add('b')]
  add('d', coordinator.list().some(({ name }) => name === 'e') ? ['e'] : [])
  const gate = gates('a', 'b')
  const ofA = a.perform([{ lock: 'k1' }, { tell: 'a' }, viaD([{ lock: 'k2' }])], gate.tell)
  const ofB = b.perform([{ lock: 'k2' }, { tell: 'b' }, { lock: 'k1' }], gate.tell)
  await Promise.all([gate.reached('a'), gate.reached('b')])
  gate.open('a')
  gate.open('b')
  return { a: ofA, b: ofB }
}

describe('a deadlock is found at once', () => {
  test('through the call of a component, and the one who asked last is told the whole way', async () => {
    const { a, b } = await opposed(start(), (steps) => ({ call: 'd', steps }))
    const error = await theOneRefused([a, b])
    expect(turned(cycleOf(error))).toEqual(throughD)
  })

  test('through a stream of a component', async () => {
    const { a, b } = await opposed(start(), (steps) => ({ read: 'd', steps }))
    expect(turned(cycleOf(await theOneRefused([a, b])))).toEqual(throughD)
  })

  test('over several calls', async () => {
    const started = start()
    started.add('e')
    const { a, b } = await opposed(started, (steps) => ({ call: 'd', steps: [{ call: 'e', steps }] }))
    expect(turned(cycleOf(await theOneRefused([a, b])))).toEqual(
      turned([
        '',
        'k1',
        'component:a ',
        'call of d',
        'component:d ',
        'call of e',
        'component:e ',
        'k2',
        'component:b ',
      ]),
    )
  })

  test('when a component wants what its caller holds: locks are not reentrant', async () => {
    const { add } = start()
    const a = add('a', ['d'])
    add('d')
    const error = await a
      .perform([{ lock: 'k1' }, { call: 'd', steps: [{ lock: 'k1' }] }], nobody)
      .catch((e: unknown) => e)
    expect(cycleOf(error)).toEqual(['component:d ', 'k1', 'component:a ', 'call of d', 'component:d '])
    expect((error as Error).message).toContain('would be a deadlock')
  })

  test('through the initialiser of what a component needs that is called', async () => {
    const { coordinator, add } = start()
    add('e', [], [{ lock: 'k1' }])
    const d = add('d', ['e'])
    using session = coordinator.locks.session('main task')
    const failed = await session.run(async () => {
      using _k1 = await coordinator.locks.acquire('k1')
      return await d.perform([], nobody).catch((e: unknown) => e)
    })
    let error = failed
    while (!isLockTimeoutError(error)) error = (error as Error).cause
    expect(cycleOf(error)).toEqual(['component:e load', 'k1', `main/${session.id}`, 'call of d', 'component:e load'])
  })

  test('of a session of the main thread and a component it calls', async () => {
    const { coordinator, add } = start()
    const d = add('d')
    using session = coordinator.locks.session('main task')
    const error = await session.run(async () => {
      using _k1 = await coordinator.locks.acquire('k1')
      return await d.perform([{ lock: 'k1' }], nobody).catch((e: unknown) => e)
    })
    expect(cycleOf(error)).toEqual(['component:d ', 'k1', `main/${session.id}`, 'call of d', 'component:d '])
  })

  test('of a component and a callback of the main thread', async () => {
    const { coordinator, add } = start()
    const a = add('a')
    const outcome = Promise.withResolvers<unknown>()
    const tell = proxy(async () => {
      try {
        using _k1 = await coordinator.locks.acquire('k1')
      } catch (error) {
        outcome.resolve(error)
      }
    })
    await a.perform([{ lock: 'k1' }, { tell: 'now' }], tell)
    expect(cycleOf(await outcome.promise)).toEqual(
      ['main/call', 'k1', 'component:a ', 'call of a:callback', 'main/call'].map(
        (step) => expect.stringContaining(step) as string,
      ),
    )
  })
})

describe('no deadlock is', () => {
  test('what a component waits for after its caller has given up', async () => {
    const { coordinator, add } = start()
    const [a, b] = [add('a', ['d']), add('b')]
    add('d')
    const gate = gates('a', 'b', 'given up')
    const late = a.perform(
      [{ lock: 'k1' }, { tell: 'a' }, { call: 'd', steps: [{ lock: 'k2' }], timeout: 100 }],
      gate.tell,
    )
    const ofB = b.perform([{ lock: 'k2' }, { tell: 'b' }, { lock: 'k1' }], gate.tell)
    await Promise.all([gate.reached('a'), gate.reached('b')])
    gate.open('a')
    expect(await late.catch((e: unknown) => e)).toSatisfy(isCallTimeoutError)
    gate.open('b')
    expect(await ofB).toBe('b')
    expect(coordinator.locks.stats()).toMatchObject({ deadlocks: 0, timeouts: 0 })
  })

  test('a call that nobody waits for under the lock', async () => {
    const { coordinator, add } = start()
    const a = add('a', ['d'])
    add('d')
    await coordinator.preload(['a', 'd'])
    // It is released long before the call takes long enough to be taken for one that is waited for.
    await a.perform(
      [{ lock: 'k1' }, { call: 'd', steps: [{ lock: 'k1' }], unawaited: true }, { release: 'k1' }],
      nobody,
    )
    await expect.poll(() => coordinator.locks.stats().granted, { timeout: 10_000 }).toBe(2)
    expect(coordinator.locks.stats().deadlocks).toBe(0)
  })

  // Of processes each counts its calls by itself.
  test.each(['thread', 'process'] as const)(
    'a wait for one who reads a stream of the waiter, while it has not asked for the next value (%s)',
    async (isolation) => {
      const { coordinator, add } = start(isolation)
      const [a, b] = [add('a', ['d']), add('b')]
      add('d')
      const gate = gates('a', 'b', 'between')
      const ofA = a.perform(
        [{ lock: 'k1' }, { read: 'd', steps: [{ lock: 'k2' }], values: 1 }, { tell: 'between' }],
        gate.tell,
      )
      const ofB = b.perform([{ lock: 'k2' }, { tell: 'b' }, { lock: 'k1' }], gate.tell)
      await Promise.all([gate.reached('between'), gate.reached('b')])
      gate.open('b')
      await contended(coordinator, 'k1')
      gate.open('between')
      expect(await Promise.all([ofA, ofB])).toEqual(['a', 'b'])
      expect(coordinator.locks.stats().deadlocks).toBe(0)
    },
  )

  test('what tasks in the background of two components wait for and hold', async () => {
    const { coordinator, logged, add } = start()
    const [a, b] = [add('a'), add('b')]
    const gate = gates('a holds', 'b holds')
    await a.perform([{ background: [{ lock: 'x' }, { tell: 'a holds' }] }], gate.tell)
    await b.perform([{ background: [{ lock: 'y' }, { tell: 'b holds' }] }], gate.tell)
    await Promise.all([gate.reached('a holds'), gate.reached('b holds')])
    // Others of the same components wait for those, and hold nothing.
    await a.perform([{ background: [{ lock: 'y' }, { tell: 'a got it' }] }], gate.tell)
    await b.perform([{ background: [{ lock: 'x' }, { tell: 'b got it' }] }], gate.tell)
    await Promise.all([contended(coordinator, 'x'), contended(coordinator, 'y')])
    // When two later tasks that do wait for each other are suspected, these would have been.
    const both = [takeBoth(coordinator, 'm', 'n'), takeBoth(coordinator, 'n', 'm')]
    await expect.poll(() => coordinator.locks.stats().suspectedDeadlocks, { timeout: 10_000 }).toBeGreaterThan(0)
    const suspected = logged.filter(({ msg }) => msg.startsWith('suspected'))
    expect(suspected.flatMap(({ cycle = [] }) => cycle).filter((step) => /component|^[xy]$/.test(step))).toEqual([])
    expect(suspected).toHaveLength(1)
    expect(coordinator.locks.stats()).toMatchObject({ waiting: 4, deadlocks: 0 })
    coordinator.locks.forceRelease('m')
    await Promise.all(both)
    gate.open('a holds')
    gate.open('b holds')
    await expect.poll(() => coordinator.locks.stats()).toMatchObject({ granted: 8, held: 0, timeouts: 0 })
  })

  test('a call of a component whose caller died', async () => {
    const { coordinator, add } = start()
    const [a, b] = [add('a', ['d']), add('b')]
    add('d')
    const gate = gates('a', 'b')
    const dying = a.perform([{ lock: 'k1' }, { tell: 'a' }, { call: 'd', steps: [{ lock: 'k2' }] }], gate.tell)
    const ofB = b.perform([{ lock: 'k2' }, { tell: 'b' }, { lock: 'k1' }], gate.tell)
    await Promise.all([gate.reached('a'), gate.reached('b')])
    gate.open('a')
    await contended(coordinator, 'k2')
    await Promise.all([coordinator.unloadComponent('a', { deadline: 0 }), dying.catch(() => undefined)])
    gate.open('b')
    expect(await ofB).toBe('b')
    expect(coordinator.locks.stats()).toMatchObject({ deadlocks: 0 })
  })
})

test('a task of the main thread is only suspected: it may release the lock while the call is under way', async () => {
  const { coordinator, logged, add } = start()
  const d = add('d')
  const lease = await coordinator.locks.acquire('k1')
  const called = d.perform([{ lock: 'k1' }], nobody)
  const suspected = (): unknown => logged.find(({ msg }) => msg.startsWith('suspected'))?.cycle
  await expect.poll(suspected, { timeout: 10_000 }).toBeDefined()
  expect((suspected() as string[]).map((step) => step.replace(/[/#].*/, ''))).toEqual([
    'component:d',
    'k1',
    'main',
    'call of d',
    'component:d',
  ])
  expect(coordinator.locks.stats()).toMatchObject({ waiting: 1, deadlocks: 0, suspectedDeadlocks: 1 })
  lease.release()
  expect(await called).toBe('d')
})
