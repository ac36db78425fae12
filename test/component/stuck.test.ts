import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rm, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { CallTimeoutError, proxy, withCallOptions } from '../../src/index.ts'
import type { ComponentCoordinator, CrashEvent, Remote } from '../../src/index.ts'
import {
  begunBy,
  fixture,
  rejection,
  sharedCell,
  sharedCoordinator,
  sink,
  stall,
  until,
} from '../support/coordinator.ts'
import type dependentModule from '../fixtures/dependent.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const crashes = crashesIn(coordinator)

function crashesIn(of: ComponentCoordinator): CrashEvent[] {
  const events: CrashEvent[] = []
  of.on('crash', (event) => events.push(event))
  return events
}

const crashesOf = (name: string): string[] => crashes.filter((event) => event.name === name).map(({ reason }) => reason)

async function loaded(name: string, more: Parameters<typeof sink>[1] = {}): Promise<Remote<KitchenSink>> {
  const remote = coordinator.registerComponent<KitchenSink>(sink(name, more))
  await coordinator.getComponent(name)
  return remote
}

async function readAll(stream: AsyncIterable<unknown>, values: unknown[] = []): Promise<unknown[]> {
  for await (const value of stream) values.push(value)
  return values
}

describe('a deadline that cannot be heard', () => {
  it('ends a worker in an endless loop: its call rejects in time, the next one is served by the next generation', async () => {
    const remote = await loaded('endless', { callTimeout: 300 })
    expect(await rejection(remote.spin())).toBeInstanceOf(CallTimeoutError)
    // Long before the worker is given up on.
    expect(crashesOf('endless')).toEqual([])
    const next = withCallOptions(remote, { timeout: 30_000 }).generation()
    expect(coordinator.info('endless').waiting).toBe(1)
    expect(await next).toBe(2)
    expect(crashesOf('endless')).toEqual(['stuck'])
    expect(coordinator.info('endless')).toMatchObject({ state: 'ready', crashes: 1, inUse: 0, waiting: 0 })
    const advice = coordinator.advice().find(({ id }) => id === 'stuck:endless')
    expect(advice).toMatchObject({ component: 'endless', severity: 'warning' })
  })

  it('rejects what others have under way there, as any crash does', async () => {
    const remote = await loaded('shared')
    const bystander = rejection(remote.never())
    const stream = await remote.endless()
    await rejection(withCallOptions(remote, { timeout: begunBy }).spin())
    expect(await bystander).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'stuck', outcome: 'unknown' })
    expect(await rejection(readAll(stream))).toMatchObject({ reason: 'stuck' })
  })

  it('is that of any call that has begun, whichever is running', async () => {
    const remote = await loaded('waits-and-spins')
    const waiting = rejection(withCallOptions(remote, { timeout: begunBy }).never())
    const spinning = rejection(remote.spin())
    expect(await waiting).toBeInstanceOf(CallTimeoutError)
    expect(await spinning).toMatchObject({ reason: 'stuck' })
  })

  it('is not that of a call which has not begun: long work without a deadline goes on, and what waits for it runs afterwards', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const begun = sharedCell()
    const remote = await loaded('at-work', { config: { begun, counters } })
    const work = remote.standStill(2_500)
    await until(() => begun[0] === 1)
    expect(await rejection(withCallOptions(remote, { timeout: 50 }).tally())).toBeInstanceOf(CallTimeoutError)
    const held = [remote.tally(), remote.tally()]
    const given = rejection(withCallOptions(remote, { timeout: 100 }).tally())
    const aborted = rejection(withCallOptions(remote, { signal: AbortSignal.timeout(100) }).tally())
    await work
    await Promise.all(held)
    expect(await given).toBeInstanceOf(CallTimeoutError)
    expect(await aborted).toMatchObject({ name: 'TimeoutError' })
    expect(await remote.generation()).toBe(1)
    expect(counters[0]).toBe(2)
    expect(crashesOf('at-work')).toEqual([])
  })

  it('that passes during work which ends within the second ends nobody', async () => {
    const remote = await loaded('nearly')
    expect(await rejection(withCallOptions(remote, { timeout: 50 }).standStill(600))).toBeInstanceOf(CallTimeoutError)
    const calls = await Promise.all([remote.count(), remote.count(), remote.count()])
    expect(calls).toEqual([1, 2, 3])
    // As long as it would have taken.
    const other = await loaded('not-nearly', { watchdog: 1_200 })
    expect(await rejection(other.spin())).toMatchObject({ reason: 'stuck' })
    expect(await remote.generation()).toBe(1)
    expect(crashesOf('nearly')).toEqual([])
  })

  it('that passed while the method waited is heard, whatever it does later', async () => {
    const remote = await loaded('heard')
    await rejection(withCallOptions(remote, { timeout: 50 }).sleep(400))
    await remote.standStill(1_800)
    expect(await remote.generation()).toBe(1)
  })

  it('of a call from another worker ends it as well, and holds the next calls from there', async () => {
    await loaded('callee')
    const caller = coordinator.registerComponent<typeof dependentModule>({
      name: 'caller',
      module: fixture('dependent.ts'),
      dependencies: ['callee'],
    })
    await caller.count('callee')
    expect(await rejection(caller.spin('callee', begunBy))).toBeInstanceOf(CallTimeoutError)
    expect(await caller.count('callee')).toBe(1)
    expect(crashesOf('callee')).toEqual(['stuck'])
    expect(coordinator.info('callee').generation).toBe(2)
    expect(coordinator.info('caller').generation).toBe(1)
  })

  it('ends one that nothing can interrupt as far as its callers are concerned', async () => {
    const remote = await loaded('native')
    expect(await rejection(withCallOptions(remote, { timeout: begunBy }).block(5))).toBeInstanceOf(CallTimeoutError)
    expect(await remote.generation()).toBe(2)
    expect(crashesOf('native')).toEqual(['stuck'])
  })

  it('ends nobody while it is the main thread that does not turn', async () => {
    const remote = await loaded('innocent')
    const calls = [withCallOptions(remote, { timeout: 100 }).sleep(20), remote.sleep(200), remote.sleep(3_500)]
    await stall(3_000)
    expect(await Promise.all(calls)).toEqual(['slept', 'slept', 'slept'])
    expect(crashesOf('innocent')).toEqual([])
  })
})

describe('a watchdog', () => {
  it('ends a method that loops after it has waited', async () => {
    const remote = await loaded('guarded', { watchdog: 300 })
    expect(await rejection(remote.spinLaterAndAnswer(50))).toMatchObject({ reason: 'stuck', generation: 1 })
    expect(await remote.generation()).toBe(2)
  })

  it('ends a generator that loops, and a callback', async () => {
    const remote = await loaded('guarded-stream', { watchdog: 300 })
    const stream = await remote.numbersThenSpin(3)
    const values: unknown[] = []
    expect(await rejection(readAll(stream, values))).toMatchObject({ reason: 'stuck' })
    expect(values).toEqual([0, 1, 2])
    const spin = await remote.spinner()
    expect(await rejection(Promise.resolve(spin()))).toMatchObject({ reason: 'stuck' })
    expect(await remote.generation()).toBe(3)
    expect(crashesOf('guarded-stream')).toEqual(['stuck', 'stuck'])
  })

  it('ends one whose loop is no call, while calls wait for it', async () => {
    const begun = sharedCell()
    const remote = await loaded('guarded-timer', { watchdog: 300, config: { begun } })
    await remote.standStillLater(60_000)
    await until(() => begun[0] === 1)
    expect(await rejection(remote.add(1, 1))).toMatchObject({ reason: 'stuck' })
  })

  it('ends one whose loop is no call, though the calls that wait for it time out much sooner', async () => {
    const begun = sharedCell()
    const remote = await loaded('guarded-impatient', { watchdog: 1_000, callTimeout: 150, config: { begun } })
    await remote.standStillLater(60_000)
    await until(() => begun[0] === 1)
    await until(async () =>
      remote.generation().then(
        (generation) => generation === 2,
        () => false,
      ),
    )
    expect(crashesOf('guarded-impatient')).toEqual(['stuck'])
  })

  it('ends one whose loop is no call, though only other workers call it, and time out much sooner', async () => {
    const begun = sharedCell()
    const remote = await loaded('guarded-callee', { watchdog: 1_000, callTimeout: 150, config: { begun } })
    const caller = coordinator.registerComponent<typeof dependentModule>({
      name: 'impatient-caller',
      module: fixture('dependent.ts'),
      dependencies: ['guarded-callee'],
    })
    const answers = async (): Promise<boolean> =>
      caller.count('guarded-callee').then(
        () => true,
        () => false,
      )
    await until(answers)
    await remote.standStillLater(60_000)
    await until(() => begun[0] === 1)
    await until(answers)
    expect(crashesOf('guarded-callee')).toEqual(['stuck'])
    expect(coordinator.info('guarded-callee').generation).toBe(2)
  })

  it('leaves alone what waits, what works in pieces, and what is idle', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const remote = await loaded('patient', { watchdog: 1_500, config: { counters } })
    const slept = remote.sleep(2_000)
    await remote.callBack(
      proxy(async () => slept.then(() => 1)),
      1,
    )
    for (let i = 0; i < 8; i++) await remote.standStill(250)
    await remote.standStillLater(2_000)
    await until(() => counters[0] === 1)
    expect(await remote.generation()).toBe(1)
  })

  it('ends nobody while it is the main thread that does not turn', async () => {
    const remote = await loaded('guarded-innocent', { watchdog: 1_000 })
    const call = remote.sleep(3_000)
    const short = Promise.all([remote.standStill(100), remote.add(1, 1)])
    await stall(2_500)
    await short
    expect(await call).toBe('slept')
    expect(crashesOf('guarded-innocent')).toEqual([])
  })

  it('ends nobody who writes the heap snapshot that was asked for', async () => {
    const remote = await loaded('writing', { watchdog: 400 })
    const file = join(tmpdir(), `spillway-stuck-${process.pid}.heapsnapshot`)
    try {
      const call = remote.sleep(3_000)
      await coordinator.writeHeapSnapshot('writing', file)
      expect(await call).toBe('slept')
      expect((await stat(file)).size).toBeGreaterThan(0)
      expect(crashesOf('writing')).toEqual([])
    } finally {
      await rm(file, { force: true })
    }
  })

  it('counts against the restart rule', async () => {
    const restart = { intensity: 0, backoff: 60_000 }
    const remote = await loaded('backing-off', { watchdog: 100, restart })
    await rejection(remote.spin())
    await until(() => coordinator.info('backing-off').state === 'failed')
    expect(await rejection(remote.add(1, 1))).toMatchObject({ code: 'ERR_COMPONENT_FAILED' })
  })

  it.each([0, -1, Number.NaN, '5s', 2 ** 31])('is refused when it is %s', (watchdog) => {
    const definition = sink('refused', { watchdog: watchdog as number })
    expect(() => coordinator.registerComponent(definition)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS' }),
    )
  })
})
