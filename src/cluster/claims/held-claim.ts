import { monotonicNow } from '../../base/monotonic.ts'
import { realClock } from '../../base/policy-clock.ts'
import { sleep } from '../../base/timers.ts'
import type { PeerId } from '../directory.ts'
import type { ClaimBucket, Write } from './claim-bucket.ts'
import { entryKey } from './claim-entry.ts'
import type { ClaimTiming } from './claim-timing.ts'
import { nextTenure } from './tenure.ts'
import type { TenureEvent, TenureState } from './tenure.ts'

/** A claim of this host's, as it was when it was asked for. */
export interface Tenure {
  readonly family: string
  readonly key: string
  /** Fencing token: each later owner's is larger, also where the servers have lost what they stored meanwhile. */
  readonly token: number
  /** ms of the monotonic clock until which calls may begin: counted from before the last renewal was sent. */
  readonly until: number
  /** Of the last renewal. */
  readonly revision: number
}

export interface HeldClaimOptions {
  readonly family: string
  readonly key: string
  readonly self: PeerId
  readonly timing: ClaimTiming
  readonly bucket: ClaimBucket
  readonly state: TenureState & { readonly at: 'held' }
  /** ms of the monotonic clock. */
  readonly sentAt: number
  /** It was not given up, and is over. */
  readonly onLost: (tenure: Tenure, why: string) => void
}

/** A key that this host owns: kept by renewals, one at a time, until it is ended or over. */
export class HeldClaim {
  readonly #options: HeldClaimOptions
  readonly #entry: string
  #state: TenureState
  #tenure: Tenure
  #sentAt: number
  #renewal: Promise<void> | undefined
  #isSuspended = false
  /** Given up: what is answered from now on is nobody's business. */
  #isEnded = false
  #cancelEnd: () => void = () => {}

  constructor(options: HeldClaimOptions) {
    this.#options = options
    this.#entry = entryKey(options.family, options.key)
    this.#state = options.state
    this.#sentAt = options.sentAt
    this.#tenure = this.#tenureOf(options.state)
    this.#endInTime()
  }

  /** Undefined once it is over. */
  get tenure(): Tenure | undefined {
    if (this.#isEnded) return undefined
    return monotonicNow() < this.#tenure.until ? this.#tenure : undefined
  }

  /** Sends a renewal if it is time for one. */
  renewIfDue(): boolean {
    const { timing } = this.#options
    if (this.#isSuspended || this.#isEnded || this.#renewal) return false
    const isAnswered = this.#state.at === 'held' && this.#state.unansweredAt !== this.#sentAt
    if (monotonicNow() - this.#sentAt < (isAnswered ? timing.renewal : 0)) return false
    void this.#startRenewal()
    return true
  }

  async suspend(): Promise<Tenure | undefined> {
    this.#isSuspended = true
    return this.#renewedNow()
  }

  async resume(): Promise<Tenure | undefined> {
    this.#isSuspended = false
    return this.#renewedNow()
  }

  /** No more renewals, and nobody is told. */
  end(): void {
    this.#isEnded = true
    this.#cancelEnd()
  }

  /** Ends it, and leaves nothing of it in the bucket; where that is not possible, it ends there with its time to live. */
  async remove(): Promise<void> {
    this.end()
    await this.#renewal
    const revision = await this.#ownRevision()
    // What is there after its time may have been written over somebody else's claim: who has that would be told too early that it is free.
    if (typeof revision === 'number' && monotonicNow() < this.#tenure.until) await this.#options.bucket.remove(revision)
  }

  /** With a claim that begins now, and a revision that is certain. */
  async #renewedNow(): Promise<Tenure | undefined> {
    await this.#renewal
    const { timing } = this.#options
    const giveUpAt = Math.min(this.#tenure.until, monotonicNow() + timing.take)
    while (!this.#isEnded && monotonicNow() < giveUpAt) {
      const before = this.#tenure
      await this.#startRenewal()
      if (this.#tenure.until > before.until) return this.tenure
      await sleep(timing.retry, { ref: false })
    }
    return undefined
  }

  async #startRenewal(): Promise<void> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #renew(): Promise<void> {
    const { bucket, self, timing } = this.#options
    const { token, revision } = this.#tenure
    const sentAt = monotonicNow()
    this.#sentAt = sentAt
    const time = { answer: timing.answer, late: timing.valid }
    const write = await bucket.update(this.#entry, { ...self, token }, revision, time)
    const now = monotonicNow()
    if (write.outcome === 'written') this.#apply({ type: 'renewed', sentAt, revision: write.revision, now })
    // An answer that came late has told of a later revision: this one was to be written over what was ours.
    else if (write.outcome === 'refused' && revision !== this.#tenure.revision) this.#sentAt = Number.NEGATIVE_INFINITY
    else this.#apply({ type: write.outcome, sentAt, now })
    if (write.outcome === 'unanswered') void this.#hearLate(write.late, sentAt)
    if (this.#state.at !== 'checking') return
    const found = await this.#ownRevision()
    if (found === 'unknown') return
    this.#apply({ type: 'found', revision: found, now: monotonicNow() })
    this.#sentAt = Number.NEGATIVE_INFINITY
  }

  /** Counted from before it was sent, it is as good as one in time. */
  async #hearLate(late: (Write & { readonly outcome: 'unanswered' })['late'], sentAt: number): Promise<void> {
    const answer = await late
    if (answer?.outcome !== 'written') return
    this.#apply({ type: 'renewed', sentAt, revision: answer.revision, now: monotonicNow() })
  }

  /** Of the entry in the bucket, if it is of this claim. */
  async #ownRevision(): Promise<number | undefined | 'unknown'> {
    const { bucket, self } = this.#options
    const found = await bucket.read(this.#entry)
    if (found.is === 'unanswered') return 'unknown'
    if (found.is !== 'entry' || found.entry.session !== self.session) return undefined
    return found.token === this.#tenure.token ? found.revision : undefined
  }

  #apply(event: TenureEvent): void {
    if (this.#isEnded) return
    this.#state = nextTenure(this.#state, event, this.#options.timing.valid)
    if (this.#state.at !== 'over') {
      this.#tenure = this.#tenureOf(this.#state)
      return
    }
    this.end()
    this.#options.onLost(this.#tenure, this.#state.why)
  }

  /** Renewals make it later: it looks again. */
  #endInTime(): void {
    this.#cancelEnd = realClock.after(Math.max(1, this.#tenure.until - monotonicNow()), () => {
      this.#apply({ type: 'time', now: monotonicNow() })
      if (!this.#isEnded) this.#endInTime()
    })
  }

  #tenureOf({ token, until, revision }: TenureState & { readonly at: 'held' | 'checking' }): Tenure {
    const { family, key } = this.#options
    return { family, key, token, until, revision }
  }
}
