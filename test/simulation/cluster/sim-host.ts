import type { Random } from '../../../bench/policy/random.ts'
import { claimTiming } from '../../../src/cluster/claims/claim-timing.ts'
import { beginTenure, nextTenure } from '../../../src/cluster/claims/tenure.ts'
import type { TenureEvent, TenureState } from '../../../src/cluster/claims/tenure.ts'
import type { Events } from './events.ts'
import type { Rule } from './rules.ts'
import type { Answer, SimBucket, SimEntry } from './sim-bucket.ts'

export interface HostParts {
  readonly session: string
  readonly events: Events
  readonly random: Random
  readonly bucket: SimBucket
  readonly ttl: number
  /** ms of its clock for each ms. */
  readonly rate: number
  /** Takes a message from one machine to another, or loses it. */
  readonly send: (arrive: () => void) => void
  /** A rule that it does not keep. */
  readonly without: Rule | undefined
  readonly onTenure: (key: string, token: number) => void
  readonly onCall: (key: string, token: number) => void
}

interface Holding {
  state: TenureState
  token: number
  revision: number
  until: number
  sentAt: number
  isRenewing: boolean
  isSuspended: boolean
}

/** A host that claims keys, renews, serves and hands over, as Claims does, with a clock of its own; it can be stopped and killed. */
export class SimHost {
  readonly session: string
  readonly #parts: HostParts
  readonly #timing
  readonly #offset: number
  readonly #held = new Map<string, Holding>()
  readonly #claiming = new Set<string>()
  readonly #unanswered = new Map<number, number>()
  #attempts = 0
  isDead = false
  #waiting: (() => void)[] | undefined

  constructor(parts: HostParts) {
    this.#parts = parts
    this.session = parts.session
    this.#timing = claimTiming(parts.ttl)
    this.#offset = 1_000_000 * parts.random.next()
    this.#timer(this.#timing.tick * parts.random.next(), () => this.#tick())
  }

  /** It stands still for so many ms: what comes meanwhile waits. */
  stop(ms: number): void {
    if (this.#waiting || this.isDead) return
    this.#waiting = []
    this.#parts.events.after(ms, () => {
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const run of waiting) this.#run(run)
    })
  }

  kill(): void {
    this.isDead = true
  }

  get keys(): string[] {
    return [...this.#held.keys()]
  }

  /** Somebody believes that it owns the key. */
  call(key: string): void {
    this.#run(() => {
      if (!this.#begin(key)) this.#claim(key)
    })
  }

  /** ms until the first of its claims is over. */
  get timeLeft(): number {
    return Math.min(...[...this.#held.values()].map(({ until }) => until)) - this.#now
  }

  handOver(key: string, to: SimHost): void {
    this.#run(() => {
      const held = this.#held.get(key)
      if (!held || held.isSuspended) return
      held.isSuspended = true
      this.#renew(key, held, (isRenewed) => {
        if (!isRenewed) return
        let isAnswered = false
        const answered = (outcome: 'taken' | 'refused' | 'unknown'): void => {
          if (isAnswered || this.#held.get(key) !== held) return
          isAnswered = true
          const isOver = outcome === 'taken' || (outcome === 'unknown' && this.#keeps('handed over for good'))
          if (isOver) this.#held.delete(key)
          else this.#renew(key, held, () => (held.isSuspended = false))
        }
        this.#timer(this.#parts.ttl / 4, () => answered('unknown'))
        const { revision, token } = held
        this.#parts.send(() =>
          to.take(key, revision, token, (outcome) => this.#parts.send(() => this.#run(() => answered(outcome)))),
        )
      })
    })
  }

  take(
    key: string,
    revision: number,
    former: number,
    answer: (outcome: 'taken' | 'refused' | 'unknown') => void,
  ): void {
    this.#run(() => {
      if (this.#parts.random.next() < 0.2) return answer('refused')
      const trusted = this.#now + this.#timing.take
      const attempt = ++this.#attempts
      const sentAt = this.#now
      this.#ask(
        (reply) => this.#parts.bucket.update(key, { session: this.session, attempt }, revision, reply),
        (write) => {
          const isTaken = write.outcome === 'written' && this.#now < trusted
          if (isTaken) this.#hold(key, sentAt, write.revision, former)
          answer(isTaken && this.#held.has(key) ? 'taken' : 'unknown')
        },
      )
    })
  }

  get #now(): number {
    return this.#offset + this.#parts.events.now * this.#parts.rate
  }

  #keeps(rule: Rule): boolean {
    return this.#parts.without !== rule
  }

  #begin(key: string): boolean {
    const held = this.#held.get(key)
    if (!held || (held.isSuspended && this.#keeps('suspended'))) return held !== undefined
    if (this.#now >= held.until && this.#keeps('looked at the clock')) return false
    this.#parts.onCall(key, held.token)
    return true
  }

  #claim(key: string): void {
    if (this.#claiming.has(key) || this.#held.has(key)) return
    this.#claiming.add(key)
    const giveUpAt = this.#now + this.#parts.ttl
    const again = (): void => {
      if (this.#now >= giveUpAt) this.#claiming.delete(key)
      else this.#timer(this.#timing.retry * (0.5 + this.#parts.random.next()), attempt)
    }
    const attempt = (): void => {
      const number = ++this.#attempts
      const sentAt = this.#now
      const entry = { session: this.session, attempt: number }
      const { bucket } = this.#parts
      const write = (reply: (answer: Answer) => void): void => {
        // Without the rule: whoever has seen that nothing is there writes.
        if (this.#keeps('the first one has it')) bucket.create(key, entry, reply)
        else if (bucket.read(key)) reply({ outcome: 'refused' })
        else this.#parts.send(() => bucket.overwrite(key, entry, reply))
      }
      this.#ask(write, (result) => {
        if (result.outcome === 'written') return this.#claimed(key, sentAt, result.revision)
        if (result.outcome === 'unanswered') {
          this.#unanswered.set(number, sentAt)
          if (!this.#keeps('unanswered is not done')) return this.#claimed(key, sentAt, Number.MAX_SAFE_INTEGER)
          return again()
        }
        this.#read(key, (found) => {
          if (!found) return again()
          const own = this.#sentAt(found.entry)
          if (own === undefined) this.#claiming.delete(key)
          else this.#claimed(key, own, found.revision)
        })
      })
    }
    attempt()
  }

  /** When the write was sent that made this entry, if its answer is still awaited. */
  #sentAt({ session, attempt = 0 }: SimEntry): number | undefined {
    if (session !== this.session) return undefined
    return this.#keeps('own entries are no claims') ? this.#unanswered.get(attempt) : this.#now
  }

  #claimed(key: string, sentAt: number, revision: number): void {
    this.#claiming.delete(key)
    this.#hold(key, sentAt, revision, 0)
    this.#begin(key)
  }

  #hold(key: string, sentAt: number, revision: number, former: number): void {
    const from = this.#keeps('counted from before') ? sentAt : this.#now
    const state = beginTenure(from, revision, this.#timing.valid, this.#now)
    if (!state) return
    const token = this.#keeps('a token of its own') ? state.token : former || state.token
    this.#held.set(key, { state, token, revision, until: state.until, sentAt, isRenewing: false, isSuspended: false })
    this.#parts.onTenure(key, token)
  }

  #tick(): void {
    for (const [key, held] of this.#held) {
      this.#apply(key, held, { type: 'time', now: this.#now })
      const isAnswered = held.state.at === 'held' && held.state.unansweredAt !== held.sentAt
      const isDue = this.#now - held.sentAt >= (isAnswered ? this.#timing.renewal : 0)
      if (isDue && !held.isSuspended) this.#renew(key, held, () => {})
    }
    this.#timer(this.#timing.tick, () => this.#tick())
  }

  #renew(key: string, held: Holding, then: (isRenewed: boolean) => void): void {
    if (held.isRenewing || this.#held.get(key) !== held) return then(false)
    held.isRenewing = true
    const sentAt = this.#now
    held.sentAt = sentAt
    const { until } = held
    this.#ask(
      (reply) => this.#parts.bucket.update(key, { session: this.session, token: held.token }, held.revision, reply),
      (write) => {
        held.isRenewing = false
        const now = this.#now
        if (write.outcome === 'written') {
          const from = this.#keeps('counted from before') ? sentAt : now
          this.#apply(key, held, { type: 'renewed', sentAt: from, revision: write.revision, now })
        } else {
          this.#apply(key, held, { type: write.outcome, sentAt, now })
        }
        if (held.state.at === 'checking') this.#check(key, held)
        then(held.until > until && held.state.at === 'held')
      },
    )
  }

  #check(key: string, held: Holding): void {
    this.#read(key, (found) => {
      const isOwn = found?.entry.session === this.session && (found.entry.token ?? found.revision) === held.token
      this.#apply(key, held, { type: 'found', revision: isOwn ? found.revision : undefined, now: this.#now })
      held.sentAt = Number.NEGATIVE_INFINITY
    })
  }

  #apply(key: string, held: Holding, event: TenureEvent): void {
    if (this.#held.get(key) !== held) return
    const isBelieved = !this.#keeps('late answers are nothing') && event.type === 'renewed'
    const isWatched = this.#keeps('looked at the clock') || event.type !== 'time'
    if (!isWatched) return
    held.state = nextTenure(held.state, isBelieved ? { ...event, now: event.sentAt } : event, this.#timing.valid)
    if (held.state.at === 'over') this.#held.delete(key)
    else Object.assign(held, { revision: held.state.revision, until: held.state.until })
  }

  #read(key: string, then: (found: { entry: SimEntry; revision: number } | undefined) => void): void {
    const { send, bucket } = this.#parts
    send(() => {
      const found = bucket.read(key)
      send(() => this.#run(() => then(found)))
    })
  }

  /** A request to the bucket: after some time nobody waits for its answer any more. */
  #ask(request: (reply: (answer: Answer) => void) => void, then: (answer: Answer) => void): void {
    const { send } = this.#parts
    let isOver = false
    const settle = (answer: Answer): void => {
      if (isOver) return
      isOver = true
      then(answer)
    }
    send(() => request((answer) => send(() => this.#run(() => settle(answer)))))
    this.#timer(this.#timing.answer, () => settle({ outcome: 'unanswered' }))
  }

  #timer(ms: number, run: () => void): void {
    this.#parts.events.after(ms / this.#parts.rate, () => this.#run(run))
  }

  #run(run: () => void): void {
    if (this.isDead) return
    if (this.#waiting) this.#waiting.push(run)
    else run()
  }
}
