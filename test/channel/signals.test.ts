import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { isValueError, OverloadedError, proxy, withCallOptions } from '../../src/index.ts'
import type { DefinitionOf } from '../../src/index.ts'
import { fixture, rejection, sharedCell, sharedCoordinator, until } from '../support/coordinator.ts'
import type referring from '../fixtures/referring.ts'

type Referring = typeof referring

const coordinator = sharedCoordinator()
let fresh = 0
const define = (name: string, more: Partial<DefinitionOf<Referring>> = {}): DefinitionOf<Referring> => ({
  name,
  module: fixture('referring.ts'),
  ...more,
})
const register = (more: Partial<DefinitionOf<Referring>> = {}) =>
  coordinator.registerComponent<Referring>(define(`signals-${++fresh}`, more))

describe.each(['thread', 'process'] as const)('an AbortSignal that is given to a component in a %s', (isolation) => {
  const remote = register({ isolation })

  it('is aborted there when it is here, with its reason', async () => {
    const controller = new AbortController()
    const reasons = [remote.whenAborted(controller.signal), remote.whenOptionAborted({ signal: controller.signal })]
    expect(await remote.isAborted(controller.signal)).toBe(false)
    controller.abort('enough')
    expect(await Promise.all(reasons)).toEqual(['enough', 'enough'])
    expect(await remote.isAborted(controller.signal)).toBe(true)
    expect(await remote.reason(AbortSignal.abort({ code: 7 }))).toEqual({ code: 7 })
    const thrown = await remote.reason(AbortSignal.abort(new RangeError('too far')))
    expect(thrown).toMatchObject({ name: 'RangeError', message: 'too far' })
    expect(await remote.whenAborted(AbortSignal.timeout(1))).toContain('TimeoutError')
    // A reason that cannot be cloned.
    const odd = new AbortController()
    const told = remote.whenAborted(odd.signal)
    odd.abort(() => {})
    expect(await told).toContain('AbortError')
  })

  it('is aborted with an error that is as one that is thrown: its class, its code, and what of it can be cloned', async () => {
    const cause = Object.assign(new TypeError('inside'), {
      code: 'E_INSIDE',
      socket: () => {},
    })
    const reasons = [
      new RangeError('outside', { cause }),
      new RangeError('outside', { cause: () => 1 }),
      Object.assign(new Error('outside', { cause }), { code: 'E_OUTSIDE', detail: { at: 7 }, run: () => {} }),
      new OverloadedError('c', 3),
    ]
    const expected = [
      'RangeError: outside (undefined, undefined) <- TypeError: inside (E_INSIDE, undefined)',
      'RangeError: outside (undefined, undefined) <- ValueError',
      'Error: outside (E_OUTSIDE, 7) <- TypeError: inside (E_INSIDE, undefined)',
      `OverloadedError: ${new OverloadedError('c', 3).message} (ERR_OVERLOADED, undefined)`,
    ]
    for (const [index, reason] of reasons.entries()) {
      expect(await remote.describeReason(AbortSignal.abort(reason))).toContain(expected[index])
      const controller = new AbortController()
      const told = remote.describeReason(controller.signal)
      controller.abort(reason)
      expect(await told).toContain(expected[index])
    }
  })

  it('is one when the call had to wait for the component, and it was aborted meanwhile', async () => {
    const late = register({ isolation })
    const controller = new AbortController()
    const reason = late.whenAborted(controller.signal)
    controller.abort('while it loads')
    expect(await reason).toBe('while it loads')
    const [name] = [`signals-${fresh}`]
    await coordinator.unloadComponent(name)
    const again = late.isAborted(controller.signal)
    expect(await again).toBe(true)
  })

  it('ends a stream', async () => {
    const controller = new AbortController()
    let last = 0
    for await (const value of remote.countUntil(controller.signal)) {
      last = value
      if (value === 5) controller.abort()
    }
    expect(last).toBeGreaterThanOrEqual(5)
  })

  it('counts beyond the call, while somebody listens to it or has it', async () => {
    const controller = new AbortController()
    const other = new AbortController()
    await remote.subscribe('a', controller.signal)
    await remote.keep(controller.signal)
    await remote.keep(other.signal)
    await remote.collectGarbage()
    controller.abort('later')
    await until(async () => (await remote.told()).length > 0)
    expect(await remote.told()).toEqual(['a: later'])
    expect(await remote.kept()).toEqual([true, false])
    other.abort()
    await until(async () => (await remote.kept()).every(Boolean))
    await remote.drop()
  })

  it('has one listener here, however often it is given, and none once nobody has it there', async () => {
    const controller = new AbortController()
    const listeners = (): number => getEventListeners(controller.signal, 'abort').length
    for (let i = 0; i < 50; i++) await remote.isAborted(controller.signal)
    expect(listeners()).toBe(1)
    await until(async () => {
      await remote.collectGarbage()
      return listeners() === 0
    })
    // And is one again.
    const reason = remote.whenAborted(controller.signal)
    await remote.isAborted(controller.signal)
    controller.abort('again')
    expect(await reason).toBe('again')
  })

  it('is no use of the component, which can be unloaded; nobody listens then', async () => {
    const own = register({ isolation })
    const name = `signals-${fresh}`
    const controller = new AbortController()
    await own.subscribe('a', controller.signal)
    expect(coordinator.info(name).inUse).toBe(0)
    await coordinator.unloadComponent(name)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await own.told()).toEqual([])
  })

  it('goes along with a call that is sent again after a crash', async () => {
    if (isolation === 'process') return // No memory is shared with a process, by which the fixture counts.
    const own = register({ idempotent: ['idempotent'] })
    const crash = sharedCell()
    crash[0] = 1
    const controller = new AbortController()
    const reason = own.idempotent(controller.signal, crash)
    await until(() => coordinator.info(`signals-${fresh}`).generation === 2 && Atomics.load(crash, 0) < 0)
    controller.abort('of the second')
    expect(await reason).toBe('of the second')
  })

  it('can be handed on, given to callbacks, and be that of the call', async () => {
    const through = register({ isolation, optionalDependencies: ['other'] })
    if (isolation === 'thread') coordinator.registerComponent<Referring>(define('other'))
    const on = new AbortController()
    const told = through.ofAnother(on.signal)
    expect(await through.callSignalIs(on.signal)).toBe(false)
    on.abort('handed on')
    expect(await told).toBe('handed on')
    const seen: unknown[] = []
    const given = proxy(async (signal: AbortSignal) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      seen.push(signal.reason)
      return 'seen'
    })
    expect(await through.backAndForth(given)).toBe('seen')
    expect(seen).toEqual(['from the component'])
    const controller = new AbortController()
    const both = withCallOptions(through, { signal: controller.signal }).whenAborted(controller.signal)
    controller.abort('both')
    expect(await rejection(both)).toBe('both')
  })

  it('in a result is refused', async () => {
    const error = await rejection(remote.giveSignal())
    expect(isValueError(error)).toBe(true)
    expect((error as Error).message).toContain('argument of a call')
  })
})

it('a signal that is collected here is forgotten there', async () => {
  const remote = register()
  const give = async (): Promise<void> => remote.subscribe('gone', new AbortController().signal)
  for (let i = 0; i < 200; i++) await give()
  for (let i = 0; i < 5; i++) {
    collectGarbage('major')
    await new Promise((resolve) => setImmediate(resolve))
  }
  const controller = new AbortController()
  await remote.subscribe('there', controller.signal)
  controller.abort('x')
  await until(async () => (await remote.told()).length > 0)
  expect(await remote.told()).toEqual(['there: x'])
})
