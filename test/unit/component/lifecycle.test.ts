import { describe, expect, it } from 'vitest'
import { initialLifecycle, transition } from '../../../src/component/lifecycle.ts'
import type { Lifecycle, LifecycleEvent } from '../../../src/component/lifecycle.ts'
import type { LifecycleStatus } from '../../../src/contract/component-info.ts'

const restart = { intensity: 2, period: 1_000, backoff: 100 }
const error = new Error('failed')
const history = { failures: [], backoffs: 0 }
const common = { generation: 3, since: 0, history }

const states: Record<LifecycleStatus, Lifecycle> = {
  unloaded: { ...common, status: 'unloaded' },
  loading: { ...common, status: 'loading' },
  ready: { ...common, status: 'ready' },
  draining: { ...common, status: 'draining', reason: 'requested', readySince: 0 },
  unloading: { ...common, status: 'unloading', reason: 'requested' },
  failed: { ...common, status: 'failed', error, retryAt: 500 },
  zombie: { ...common, status: 'zombie' },
}
const events: Record<LifecycleEvent['type'], LifecycleEvent> = {
  load: { type: 'load' },
  loaded: { type: 'loaded' },
  'load-failed': { type: 'load-failed', error },
  'load-refused': { type: 'load-refused' },
  drain: { type: 'drain', reason: 'pressure' },
  'drain-called-off': { type: 'drain-called-off' },
  drained: { type: 'drained' },
  gone: { type: 'gone' },
  'still-alive': { type: 'still-alive' },
  crashed: { type: 'crashed', reason: 'exit', error },
  reset: { type: 'reset' },
}

/** Everything that may happen; what is not here cannot. */
const allowed: Record<LifecycleStatus, Partial<Record<LifecycleEvent['type'], LifecycleStatus>>> = {
  unloaded: { load: 'loading', 'still-alive': 'zombie', reset: 'unloaded' },
  loading: { loaded: 'ready', 'load-failed': 'unloaded', 'load-refused': 'unloaded', reset: 'loading' },
  ready: { drain: 'draining', crashed: 'unloaded', reset: 'ready' },
  draining: { 'drain-called-off': 'ready', drained: 'unloading', crashed: 'unloaded', reset: 'draining' },
  unloading: { gone: 'unloaded', 'still-alive': 'zombie', reset: 'unloading' },
  failed: { load: 'loading', reset: 'unloaded' },
  zombie: { load: 'loading', gone: 'unloaded', reset: 'zombie' },
}

const table = Object.keys(states).flatMap((from) =>
  Object.keys(events).map((event) => ({
    from: from as LifecycleStatus,
    event: event as LifecycleEvent['type'],
    to: allowed[from as LifecycleStatus][event as LifecycleEvent['type']],
  })),
)

describe('transition', () => {
  it.each(table.filter(({ to }) => to !== undefined))('$from + $event -> $to', ({ from, event, to }) => {
    expect(transition(states[from], events[event], 1_000, restart).status).toBe(to)
  })

  it.each(table.filter(({ to }) => to === undefined))('$from + $event cannot happen', ({ from, event }) => {
    expect(() => transition(states[from], events[event], 1_000, restart)).toThrow(
      `Event "${event}" cannot happen to a component that is ${from}`,
    )
  })

  it('does not change the state it is given', () => {
    const before = structuredClone(states.ready)
    transition(states.ready, events.crashed, 5, restart)
    expect(states.ready).toEqual(before)
  })

  it('starts unloaded, before the first generation', () => {
    expect(initialLifecycle(7)).toEqual({ status: 'unloaded', generation: 0, since: 7, history })
  })

  it('counts a generation for each load, and keeps it until the next', () => {
    let state = initialLifecycle(0)
    for (const type of ['load', 'loaded', 'drain', 'drained', 'gone', 'load', 'loaded'] as const) {
      state = transition(state, events[type], 0, restart)
    }
    expect(state).toMatchObject({ status: 'ready', generation: 2 })
  })

  it('says since when, and carries the reason of an unload', () => {
    const draining = transition(states.ready, events.drain, 40, restart)
    expect(draining).toMatchObject({ status: 'draining', since: 40, reason: 'pressure' })
    expect(transition(draining, events.drained, 50, restart)).toMatchObject({ since: 50, reason: 'pressure' })
  })

  it('is neither younger nor less idle for an unload that was called off', () => {
    const ready: Lifecycle = { ...states.ready, since: 30 }
    const draining = transition(ready, events.drain, 40, restart)
    expect(transition(draining, events['drain-called-off'], 50, restart)).toEqual(ready)
  })

  it('refuses to load a failed component before its time', () => {
    expect(() => transition(states.failed, events.load, 499, restart)).toThrow('cannot happen')
    expect(transition(states.failed, events.load, 500, restart).status).toBe('loading')
  })
})

describe('restart intensity', () => {
  /** Loads and crashes at the given times; what became of each crash. */
  function crashAt(times: readonly number[], options = restart): readonly (number | 'unloaded')[] {
    let state = initialLifecycle(0)
    return times.map((time) => {
      if (state.status === 'failed' && time < state.retryAt) throw new Error(`at ${time} it is still backing off`)
      for (const type of ['load', 'loaded', 'crashed'] as const) state = transition(state, events[type], time, options)
      return state.status === 'failed' ? state.retryAt - time : 'unloaded'
    })
  }

  it('allows so many failures within the period', () => {
    expect(crashAt([0, 10])).toEqual(['unloaded', 'unloaded'])
  })

  it('backs off at the next one', () => {
    expect(crashAt([0, 10, 20])).toEqual(['unloaded', 'unloaded', 100])
  })

  it('forgets failures that are older than the period', () => {
    expect(crashAt([0, 600, 1_200, 1_800, 2_400])).toEqual(Array.from({ length: 5 }, () => 'unloaded'))
  })

  it('doubles the delay with each failure after a back-off', () => {
    expect(crashAt([0, 1, 2, 200, 500, 1_000])).toEqual(['unloaded', 'unloaded', 100, 200, 400, 800])
  })

  it('never waits longer than a minute', () => {
    const options = { intensity: 0, period: 10_000, backoff: 20_000 }
    expect(crashAt([0, 20_000, 60_000, 120_000, 180_000], options)).toEqual([20_000, 40_000, 60_000, 60_000, 60_000])
  })

  it('starts over after a period without failure', () => {
    expect(crashAt([0, 1, 2, 2 + 100 + 1_000])).toEqual(['unloaded', 'unloaded', 100, 'unloaded'])
  })

  it('backs off at the first failure where none is allowed', () => {
    expect(crashAt([0], { intensity: 0, period: 1_000, backoff: 100 })).toEqual([100])
  })

  it('counts failed loads like crashes', () => {
    let state = initialLifecycle(0)
    for (let i = 0; i < 3; i++) {
      state = transition(state, events.load, i, restart)
      state = transition(state, events['load-failed'], i, restart)
    }
    expect(state).toMatchObject({ status: 'failed', error, retryAt: 102 })
  })

  it('does not count a load that was refused before anything was tried', () => {
    let state = initialLifecycle(0)
    for (let i = 0; i < 10; i++) {
      state = transition(state, events.load, i, restart)
      state = transition(state, events['load-refused'], i, restart)
    }
    expect(state).toMatchObject({ status: 'unloaded', history })
  })

  it('is cleared by a reset', () => {
    let state: Lifecycle = { ...states.ready, history: { failures: [0, 1], backoffs: 0 } }
    state = transition(state, events.reset, 2, restart)
    expect(state).toEqual(states.ready)
    expect(transition(state, events.crashed, 3, restart).status).toBe('unloaded')
  })
})
