import { array, boolean, check, constant, nat, oneof, property, record, tuple } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Failure } from '../../../../src/services/connectors/failure.ts'
import { nextFeedState, startFeed } from '../../../../src/services/connectors/feed-state.ts'
import type { FeedEvent, FeedState } from '../../../../src/services/connectors/feed-state.ts'

describe('the state of a feed', () => {
  const policy = { base: 100, max: 1_000, timeout: 5_000 }
  const lost: Failure = { reason: 'network', transient: true, message: 'lost' }
  const failure = (at: number, more: Partial<Extract<FeedEvent, { kind: 'failure' }>> = {}): FeedEvent => ({
    kind: 'failure',
    at,
    failure: lost,
    connected: false,
    random: 0,
    ...more,
  })
  const run = (events: readonly FeedEvent[], state: FeedState = startFeed(0)): FeedState =>
    events.reduce((before, event) => nextFeedState(before, event, policy), state)

  it('backs off longer each time, and starts anew after an update', () => {
    const down = run([failure(10), { kind: 'retry' }, failure(100), { kind: 'retry' }, failure(300)])
    expect(down).toEqual({ kind: 'backing-off', attempt: 3, downSince: 0, retryAt: 500 })
    const again = run([{ kind: 'retry' }, { kind: 'update', at: 600 }, failure(700)], down)
    expect(again).toEqual({ kind: 'backing-off', attempt: 1, downSince: 700, retryAt: 750 })
  })

  it('ends when it has been down too long, or at once when trying again makes no sense', () => {
    expect(run([failure(10), { kind: 'retry' }, failure(4_999)])).toEqual({ kind: 'ended', failure: lost })
    const refused: Failure = { reason: 'authentication', transient: false, message: 'no' }
    expect(run([failure(1, { failure: refused })])).toEqual({ kind: 'ended', failure: refused })
  })

  it('does not count the silence of a connection that is there', () => {
    const quiet = Array.from({ length: 50 }, (_, i): FeedEvent[] => [
      failure(i * 1_000, { connected: true }),
      { kind: 'retry' },
    ])
    expect(run(quiet.flat()).kind).toBe('connecting')
  })

  it('stays ended, and never backs off beyond the timeout, whatever happens', () => {
    const event: Arbitrary<FeedEvent> = oneof(
      record({ kind: constant('update' as const), at: nat(10_000) }),
      record({ kind: constant('retry' as const) }),
      record({ kind: constant('end' as const) }),
      tuple(nat(10_000), boolean(), boolean()).map(([at, connected, transient]) =>
        failure(at, { connected, failure: { ...lost, transient } }),
      ),
    )
    const sound = property(array(event, { maxLength: 30 }), (events) => {
      let state = startFeed(0)
      return events.every((next) => {
        const before = state
        state = nextFeedState(before, next, policy)
        if (before.kind === 'ended') return state === before
        if (next.kind === 'end') return state.kind === 'ended'
        return state.kind !== 'backing-off' || state.retryAt - state.downSince <= policy.timeout
      })
    })
    expect(check(sound)).toMatchObject({ failed: false })
  })
})
