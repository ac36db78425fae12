import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import type { ExhaustedEvent } from '../../../../src/contract/events.ts'
import type { Kept } from '../../../../src/contract/unload-policy.ts'
import type { Spares } from '../../../../src/host/spares.ts'
import { OpenRequests } from '../../../../src/memory/act/open-requests.ts'
import { Performer } from '../../../../src/memory/act/perform.ts'
import type { Action } from '../../../../src/memory/decide/action.ts'
import { accountOf } from '../../../support/account-snapshots.ts'
import { bookOf, FakeComponent, measurementOf } from '../../../support/fake-components.ts'

const overrun = { which: 'total', limit: 100, held: 150, taken: 50, growth: 0.5, lasted: 0 } as const
const plan = {
  trigger: 'high',
  need: 50,
  freed: 300,
  victims: [{ name: 'a', bytes: 300 }],
  kept: [],
  notes: [],
} as const
const never = new AbortController().signal

function open() {
  const component = new FakeComponent('a')
  const { book, clock } = bookOf([component])
  component.holds(book, 300)
  const logger = pino({ level: 'silent' })
  const log = { info: vi.spyOn(logger, 'info'), warn: vi.spyOn(logger, 'warn'), error: vi.spyOn(logger, 'error') }
  const now = (): number => clock.now
  const requests = new OpenRequests(book, now, () => {})
  const spares = { giveUp: vi.fn<Spares['giveUp']>(async () => 0), restore: vi.fn<() => void>() }
  const done = vi.fn<() => void>()
  const exhausted = vi.fn<(event: ExhaustedEvent) => void>()
  const heldUp = vi.fn<(kept: readonly Kept[]) => void>()
  const performer = new Performer({
    book,
    spares: spares as unknown as Spares,
    logger,
    measurement: measurementOf(() => book.targets(), now),
    requests,
    policy: () => 'cost-aware',
    exhausted,
    heldUp,
    done,
  })
  const perform = (action: Action): void => performer.perform(action, accountOf({ usage: 960 }), 'high')
  /** The worker ends, and that is noticed. */
  const exits = (): void => {
    component.exits(book)
    performer.workerEnded(component.asSupervisor)
  }
  return {
    component,
    supervisor: component.asSupervisor,
    book,
    log,
    requests,
    spares,
    done,
    exhausted,
    performer,
    perform,
    exits,
  }
}
const unload = (reason: 'pressure' | 'admission' | 'free-memory', request?: number): Action => ({
  kind: 'unload',
  name: 'a',
  reason,
  request,
  plan,
})

describe('an unload', () => {
  test('is under way until the worker is gone, and then there may be more to decide', async () => {
    const { component, log, done, performer, perform, exits } = open()
    perform(unload('pressure'))
    expect(performer.isUnloading).toBe(true)
    expect(component.asked).toEqual(['unload pressure 0 true'])
    done.mockImplementation(() => expect(performer.isUnloading).toBe(false))
    exits()
    await expect.poll(() => done.mock.calls.length).toBe(1)
    expect(log.info).toHaveBeenCalledExactlyOnceWith(
      {
        pressure: 'high',
        need: 50,
        unloaded: ['a'],
        victims: plan.victims,
        kept: [],
        why: expect.any(String) as string,
      },
      expect.stringContaining('want of memory') as string,
    )
  })

  test('for a load says for which', async () => {
    const { supervisor, log, requests, done, perform, exits } = open()
    void requests.admit(supervisor, never)
    perform(unload('admission', 1))
    exits()
    await expect.poll(() => done.mock.calls.length).toBe(1)
    expect(log.info).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ component: 'a', unloaded: ['a'] }),
      expect.stringContaining('room for a load') as string,
    )
  })

  test('for free memory is told to whoever asked before another can be begun', async () => {
    const { component, log, requests, done, performer, perform, exits } = open()
    void requests.free(1_000, never)
    const told = vi.spyOn(requests, 'unloaded')
    told.mockImplementation(() => expect(performer.isUnloading).toBe(true))
    perform(unload('free-memory', 1))
    exits()
    await expect.poll(() => done.mock.calls.length).toBe(1)
    expect(told).toHaveBeenCalledExactlyOnceWith(1, 'a', expect.objectContaining({ bytes: 300 }))
    expect(component.asked).toEqual(['unload free-memory 0 true'])
    expect(log.info).not.toHaveBeenCalled()
  })

  test('of one that stays is over as well, and not told as done', async () => {
    const { component, log, requests, done, performer, perform } = open()
    void requests.free(1_000, never)
    perform(unload('free-memory', 1))
    component.unloaded.resolve(undefined)
    await expect.poll(() => done.mock.calls.length).toBe(1)
    expect(performer.isUnloading).toBe(false)
    expect(requests.snapshot(1_000)).toMatchObject([{ missing: 1_000, asked: new Set(['a']) }])
    expect(log.info).not.toHaveBeenCalled()
  })

  test('that fails is logged, and holds up nothing', async () => {
    const { component, log, done, performer, perform } = open()
    perform(unload('pressure'))
    const error = new Error('no')
    component.unloaded.reject(error)
    await expect.poll(() => done.mock.calls.length).toBe(1)
    expect(performer.isUnloading).toBe(false)
    expect(log.error).toHaveBeenCalledExactlyOnceWith({ err: error }, expect.any(String))
  })
})

test('what comes of it may fail: that is logged and thrown at nobody', async () => {
  const { log, done, perform } = open()
  const error = new Error('no')
  done.mockImplementation(() => {
    throw error
  })
  perform({ kind: 'give-up-spares' })
  await expect.poll(() => log.error.mock.calls.length).toBe(1)
  expect(log.error).toHaveBeenCalledWith({ err: error }, expect.any(String))
})

test('loads are let in, or refused with what holds their memory', async () => {
  const { supervisor, requests, perform } = open()
  const [first, second] = [requests.admit(supervisor, never), requests.admit(supervisor, never)]
  perform({ kind: 'admit', request: 1 })
  expect((await first)[Symbol.dispose]).toBeTypeOf('function')
  const holders = [{ name: 'b', bytes: 900, why: 'pinned' }]
  perform({ kind: 'refuse', request: 2, holders })
  await expect(second).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_MEMORY', usage: 960, limit: 1_000, holders })
})

test('requests for free memory are settled', async () => {
  const { requests, perform } = open()
  const freeing = requests.free(1, never)
  perform({ kind: 'settle', request: 1 })
  expect(await freeing).toMatchObject({ satisfied: false })
})

test('components are asked to trim, spares go and come back, each once', async () => {
  const { component, spares, done, perform } = open()
  perform({ kind: 'trim', names: ['a'], level: 'medium', need: 10 })
  perform({ kind: 'give-up-spares' })
  perform({ kind: 'restore-spares' })
  component.trimmed.resolve(true)
  await expect.poll(() => done.mock.calls.length).toBe(2)
  expect(component.asked).toEqual(['trim medium 250'])
  expect(spares.giveUp).toHaveBeenCalledTimes(1)
  expect(spares.restore).toHaveBeenCalledTimes(1)
})

test('one that passes a limit is asked, then ended; one that is gone is neither', async () => {
  const { component, done, perform, exits } = open()
  perform({ kind: 'collect', name: 'a', patience: 300, overrun })
  component.collected.resolve(true)
  await expect.poll(() => done.mock.calls.length).toBe(1)
  perform({ kind: 'end', name: 'a', overrun })
  expect(component.asked).toEqual(['collect critical 300 true', 'kill memory-limit'])
  exits()
  perform({ kind: 'collect', name: 'a', patience: 300, overrun })
  perform({ kind: 'end', name: 'a', overrun })
  expect(component.asked).toHaveLength(2)
})

test('that nothing is left is logged and told', () => {
  const { log, exhausted, perform } = open()
  const event = { level: 'critical', missing: 60, kept: [{ name: 'a', reason: 'in-use' }] } as const
  perform({ kind: 'exhausted', ...event })
  expect(exhausted).toHaveBeenCalledExactlyOnceWith(event)
  const { level: pressure, ...rest } = event
  // Its own name for the level: pino's is the line's.
  expect(log.warn).toHaveBeenCalledExactlyOnceWith({ pressure, ...rest }, expect.any(String))
})
