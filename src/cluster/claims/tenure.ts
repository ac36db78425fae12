/**
 * One key at its owner: what it may believe of its claim, from what the bucket answered. Times are ms of the owner's monotonic clock.
 *
 * A write under a condition is no certain compare-and-swap: three nats-servers 2.9 accept several writes over the same revision while they are in flight. Certain is
 * that a claim is made only where there is none, and that one is not over before its time to live, counted from when it was sent. So an owner alone writes over its claim, and
 * believes an answer only as long as it comes before the claim could be over.
 */
export type TenureState =
  | (Believed & { readonly at: 'held' })
  /** A renewal was refused after another one had stayed unanswered, which may be what it was refused for: what is in the bucket has to be read. */
  | (Believed & { readonly at: 'checking' })
  | { readonly at: 'over'; readonly token: number; readonly why: string }

interface Believed {
  /** Of the claim: stays the same over renewals. */
  readonly token: number
  /** Of the last write of ours that is known. */
  readonly revision: number
  /** When the claim is over, unless it is renewed before. */
  readonly until: number
  /** When the last renewal was sent that was not answered: it may have been written all the same. */
  readonly unansweredAt: number | undefined
}

export type TenureEvent =
  | { readonly type: 'renewed'; readonly sentAt: number; readonly revision: number; readonly now: number }
  | { readonly type: 'unanswered'; readonly sentAt: number; readonly now: number }
  /** Another revision is in the bucket than the one that was to be written over. */
  | { readonly type: 'refused'; readonly now: number }
  /** What was read: the revision of the entry if it is of this claim. */
  | { readonly type: 'found'; readonly revision: number | undefined; readonly now: number }
  | { readonly type: 'time'; readonly now: number }

/**
 * Undefined if the claim is over by the time that its answer came.
 *
 * @param valid ms for which a claim is believed in, counted from before it was sent.
 */
export function beginTenure(
  sentAt: number,
  revision: number,
  valid: number,
  now: number,
  token = revision,
): (TenureState & { readonly at: 'held' }) | undefined {
  const until = sentAt + valid
  return now < until ? { at: 'held', token, revision, until, unansweredAt: undefined } : undefined
}

export function nextTenure(state: TenureState, event: TenureEvent, valid: number): TenureState {
  if (state.at === 'over') return state
  const over = (why: string): TenureState => ({ at: 'over', token: state.token, why })
  if (event.now >= state.until) return over('it was not renewed in time')
  switch (event.type) {
    case 'time':
      return state
    case 'renewed':
      return {
        ...state,
        at: 'held',
        revision: Math.max(state.revision, event.revision),
        until: Math.max(state.until, event.sentAt + valid),
      }
    case 'unanswered':
      return { ...state, unansweredAt: event.sentAt }
    case 'refused': {
      const mayBeOurs = state.unansweredAt !== undefined && event.now - state.unansweredAt < valid
      return mayBeOurs ? { ...state, at: 'checking' } : over('somebody else has written over it, or removed it')
    }
    case 'found':
      // Renewed from there: only an answer to a renewal makes it last longer.
      return event.revision === undefined
        ? over('somebody else has it')
        : { ...state, at: 'held', revision: event.revision }
  }
}
