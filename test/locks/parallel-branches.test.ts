import { proxy } from 'comlink'
import { pino } from 'pino'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import type { Remote } from '../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isLockTimeoutError } from '../../src/contract/errors.ts'
import type lockSteps from '../fixtures/lock-steps.ts'
import type { Step } from '../fixtures/lock-steps.ts'

type Party = Remote<typeof lockSteps>

interface Started {
  readonly coordinator: ComponentCoordinator
  readonly suspected: string[][]
  readonly a: Party
  readonly b: Party
}

/** `a` can call `d`. @param whenOver takes what is to be done once nobody uses it any more. */
async function start(whenOver: (end: () => Promise<void>) => void = onTestFinished): Promise<Started> {
  const suspected: string[][] = []
  const write = (line: string): void => {
    const { msg, cycle } = JSON.parse(line) as { msg: string; cycle?: string[] }
    if (msg.startsWith('suspected') && cycle) suspected.push(cycle.map((step) => step.replace(/#.*/, '')))
  }
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({}, { write }),
  })
  whenOver(async () => void (await coordinator.shutdown({ deadline: 100 })))
  const module = new URL('../fixtures/lock-steps.ts', import.meta.url)
  const add = (name: string, dependencies: string[] = []): Party =>
    coordinator.registerComponent<typeof lockSteps>({ name, module, dependencies, config: {} })
  add('d')
  const [a, b] = [add('a', ['d']), add('b')]
  await coordinator.preload(['a', 'b', 'd'])
  return { coordinator, suspected, a, b }
}

/** What a task waits for without the locks knowing of it. */
function pause(): { step: Step; open: () => void } {
  const cell = new SharedArrayBuffer(4)
  const open = (): void => {
    Atomics.store(new Int32Array(cell), 0, 1)
    Atomics.notify(new Int32Array(cell), 0)
  }
  return { step: { pause: cell }, open }
}

const nobody = proxy((): void => undefined)

async function holds(coordinator: ComponentCoordinator, name: string): Promise<void> {
  const info = (): unknown => coordinator.locks.list().find((lock) => lock.name === name)?.holders.length
  await expect.poll(info, { timeout: 10_000 }).toBe(1)
}

async function contended(coordinator: ComponentCoordinator, name: string): Promise<void> {
  const info = (): unknown => coordinator.locks.list().find((lock) => lock.name === name)?.waiters.length
  await expect.poll(info, { timeout: 10_000 }).toBe(1)
}

/** Longer than it takes until deadlocks have been looked for. */
const looked = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

/** What the branches of `a` do, given when the one that holds `k1` may go on, and when the other may ask for `k2`. */
const shapes: Record<string, (hold: Step, ask: Step) => Step[]> = {
  'one holds a lock and sleeps, another waits for a second lock': (hold, ask) => [
    {
      all: [
        [{ lock: 'k1' }, hold],
        [ask, { lock: 'k2' }],
      ],
    },
  ],
  'the one that waits was started first': (hold, ask) => [
    {
      all: [
        [ask, { lock: 'k2' }],
        [{ lock: 'k1' }, hold],
      ],
    },
  ],
  'they are branches of a branch': (hold, ask) => [
    {
      all: [
        [
          {
            all: [
              [{ lock: 'k1' }, hold],
              [ask, { all: [[{ lock: 'k2' }]] }],
            ],
          },
        ],
      ],
    },
  ],
  'one has asked a component to take the second lock': (hold, ask) => [
    {
      all: [
        [{ lock: 'k1' }, hold],
        [ask, { call: 'd', steps: [{ lock: 'k2' }] }],
      ],
    },
  ],
  'both ask at the same time': (hold, ask) => [
    {
      all: [
        [{ lock: 'k1' }, hold],
        [{ lock: 'k0' }, ask, { lock: 'k2' }],
      ],
    },
  ],
}

const started = start(afterAll)

test.each(Object.keys(shapes))('parallel branches of one call are no deadlock: %s', async (shape) => {
  const { coordinator, a, b } = await started
  const [hold, ask, proceed] = [pause(), pause(), pause()]
  const moved = b.perform([{ lock: 'k2' }, proceed.step, { lock: 'k1' }], nobody)
  await holds(coordinator, 'k2')
  const refreshed = a.perform(shapes[shape]!(hold.step, ask.step), nobody)
  await holds(coordinator, 'k1')
  ask.open()
  await contended(coordinator, 'k2')
  proceed.open()
  await contended(coordinator, 'k1')
  await looked()
  expect(coordinator.locks.stats()).toMatchObject({ waiting: 2, deadlocks: 0 })
  hold.open()
  expect(await Promise.all([refreshed, moved])).toEqual(['a', 'b'])
  expect(coordinator.locks.stats()).toMatchObject({ deadlocks: 0, timeouts: 0 })
})

test('branches of one call that stand still are suspected once, and a wait that times out names the cycle', async () => {
  const { coordinator, suspected, a, b } = await start()
  const [hold, ask, proceed] = [pause(), pause(), pause()]
  const moved = b.perform([{ lock: 'k2' }, proceed.step, { lock: 'k1', timeout: 3_000 }], nobody)
  await holds(coordinator, 'k2')
  const refreshed = a.perform(
    [
      {
        all: [
          [{ lock: 'k1' }, hold.step],
          [ask.step, { lock: 'k2' }],
        ],
      },
    ],
    nobody,
  )
  await holds(coordinator, 'k1')
  ask.open()
  await contended(coordinator, 'k2')
  proceed.open()
  const error: unknown = await moved.catch((e: unknown) => e)
  const cycle = ['component:b', 'k1', 'component:a', 'k2', 'component:b']
  expect(suspected).toEqual([cycle])
  const named = (isLockTimeoutError(error) && error.suspectedCycle) || []
  expect(named.map((step) => step.replace(/#.*/, ''))).toEqual(cycle)
  expect(isLockTimeoutError(error) && error.cycle).toBeUndefined()
  hold.open()
  expect(await refreshed).toBe('a')
})

test('what a call does after its branches were joined is not trusted either; the next call is', async () => {
  const { coordinator, a, b } = await start()
  const proceed = pause()
  const both: Step = { all: [[{ lock: 'x' }], [{ lock: 'y' }]] }
  const ofB = b.perform([{ lock: 'k2' }, proceed.step, { lock: 'k1' }], nobody)
  await holds(coordinator, 'k2')
  const ofA = a.perform([both, { lock: 'k1' }, { lock: 'k2', timeout: 400 }], nobody).catch((e: unknown) => e)
  await contended(coordinator, 'k2')
  proceed.open()
  const error = await ofA
  expect(isLockTimeoutError(error) && [error.cycle, error.timeout]).toEqual([undefined, 400])
  expect(await ofB).toBe('b')
  const again = pause()
  const results = Promise.allSettled([
    b.perform([{ lock: 'k2' }, again.step, { lock: 'k1' }], nobody),
    holds(coordinator, 'k2').then(async () => a.perform([{ lock: 'k1' }, { lock: 'k2' }], nobody)),
  ])
  await contended(coordinator, 'k2')
  again.open()
  expect((await results).map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(coordinator.locks.stats()).toMatchObject({ deadlocks: 1 })
})
