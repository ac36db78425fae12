import { totalmem } from 'node:os'
import { wallTime } from '../base/monotonic.ts'
import { realClock } from '../base/policy-clock.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import { NextLook } from '../component/next-look.ts'
import type { Advice, AdviceEvent } from '../contract/advice.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { CrashEvent, LoadErrorEvent } from '../contract/events.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { Kept, KeptReason } from '../contract/unload-policy.ts'
import { unclaimedNative } from '../memory/account/ledger.ts'
import { pagePoolOfProcess } from '../memory/act/page-pool.ts'
import type { MemoryManager } from '../memory/manager.ts'
import { advise } from './advice.ts'
import type { IgnoredLimit, StuckFinding } from './advice.ts'
import { FailureWatch } from './failure-watch.ts'
import { liveCoordinators } from './live-coordinators.ts'
import { MainWatch } from './main-growth.ts'
import { StandingAdvice } from './standing-advice.ts'
import type { OutOfRoom } from '../words/room-words.ts'

export interface AdvisorOptions {
  readonly components: () => readonly ComponentInfo[]
  readonly memory: () => MemoryManager
  /** What calls of a component failed with last, as its workers have told. */
  readonly lastErrorOf: (name: string) => string | undefined
  /** A piece begins, or is over. */
  readonly tell: (event: AdviceEvent) => void
  /** Default: the real one. */
  readonly clock?: PolicyClock
}

/** ms between two looks that nothing has happened to ask for. */
const lookAgain = 10_000
/** ms within which a failure is looked at: of many at once as of one. Guessed: soon enough for whoever reads it. */
const lookAtFailures = 1_000
/** ms for which it is told that a worker was ended because it was stuck. Guessed. */
const remembered = 600_000
/** Reasons to stay that no level of pressure changes. */
const staysWhatever: ReadonlySet<KeptReason> = new Set(['in-use', 'stuck', 'pinned', 'has-dependents'])
/** ms over which unattributed memory has to stay to count. */
const stretch = 60_000

/** Notices what takes time to notice, and when each piece of advice begins and is over, whether or not anybody asks. Keeps nothing alive. */
export class Advisor {
  readonly #options: AdvisorOptions
  readonly #standing: StandingAdvice
  readonly #clock: PolicyClock
  readonly #next: NextLook
  readonly #keptByIdleFloor = new Map<string, number>()
  readonly #ignoredLimits = new Map<string, IgnoredLimit>()
  readonly #silent = new Set<string>()
  readonly #failures: FailureWatch
  readonly #main = new MainWatch()
  /** How often each was ended because it was stuck, and when it was last, ms. */
  readonly #endedStuck = new Map<string, { readonly times: number; readonly at: number }>()
  /** Nothing was left to unload, and it is not known yet that there is again. */
  #isExhausted = false
  #unattributed: { least: number; since: number } | undefined
  #last: { least: number; over: number } = { least: 0, over: 0 }

  constructor(options: AdvisorOptions) {
    this.#options = options
    this.#standing = new StandingAdvice(options.tell)
    const { clock = realClock } = options
    this.#clock = clock
    this.#failures = new FailureWatch(clock.now, options.lastErrorOf)
    this.#next = new NextLook(() => {
      this.advice()
      this.#next.within(lookAgain)
    }, clock)
    this.#next.within(lookAgain)
  }

  sampled(ledger: Ledger): void {
    const { unattributed, pending, runtime } = ledger
    const now = this.#clock.now()
    this.#main.sampled(ledger, now, this.#options.memory().options.lowThreshold)
    const least = Math.max(0, unattributed - pending - runtime)
    const stretchSoFar = this.#unattributed
    if (!stretchSoFar || now - stretchSoFar.since >= stretch) {
      if (stretchSoFar) this.#last = { least: stretchSoFar.least, over: now - stretchSoFar.since }
      this.#unattributed = { least, since: now }
    } else stretchSoFar.least = Math.min(stretchSoFar.least, least)
  }

  /** Memory was short, and these stayed: those that had not been idle for long enough could have gone. */
  heldUp(kept: readonly Kept[]): void {
    for (const { name, reason } of kept) {
      if (reason === 'min-idle') this.#keptByIdleFloor.set(name, (this.#keptByIdleFloor.get(name) ?? 0) + 1)
    }
  }

  /** Nothing was left that could be unloaded. */
  exhausted(): void {
    this.#isExhausted = true
    this.lookSoon()
  }

  limitIgnored(name: string, limit: IgnoredLimit): void {
    this.#ignoredLimits.set(name, limit)
    this.advice()
  }

  /** A component's calls wait and its event loop does not turn; or it does again, or its worker is gone. */
  silent(name: string, silent: boolean): void {
    if (silent === this.#silent.has(name)) return
    if (silent) this.#silent.add(name)
    else this.#silent.delete(name)
    this.advice()
  }

  crashed(event: CrashEvent): void {
    const { name, reason } = event
    if (reason === 'stuck') {
      this.#endedStuck.set(name, { times: (this.#endedStuck.get(name)?.times ?? 0) + 1, at: this.#clock.now() })
    }
    this.#failures.crashed(event)
    this.#next.within(lookAtFailures)
  }

  loadFailed({ name, error }: LoadErrorEvent): void {
    this.#failures.loadFailed(name, error)
    this.#next.within(lookAtFailures)
  }

  loaded(name: string): void {
    if (this.#failures.loaded(name)) this.#next.within(lookAtFailures)
  }

  /** A call of the main thread. @param isAnswer its worker has answered with that, and counted it. */
  callFailed(name: string, error: unknown, isAnswer: boolean): void {
    this.#failures.callFailed(name, error, isAnswer)
    this.#next.within(lookAtFailures)
  }

  /** Share of its calls of the last minute that failed; null: there were none. */
  errorShareOf(name: string): number | null {
    return this.#failures.shareOf(name)
  }

  forget(name: string): void {
    this.#failures.forget(name)
    this.#silent.delete(name)
    this.#endedStuck.delete(name)
    this.#keptByIdleFloor.delete(name)
    this.#ignoredLimits.delete(name)
  }

  /** What stands now; what has begun or is over since is told first. */
  advice(): Advice[] {
    const { components: list, memory: getMemory } = this.#options
    const memory = getMemory()
    const components = list()
    const ledger = memory.ledger()
    const findings = advise({
      components,
      ledger,
      failing: this.#failures.look(components),
      thrashing: memory.thrashing ? memory.churn : undefined,
      outOfRoom: this.#isExhausted ? this.#outOfRoom(ledger) : undefined,
      options: memory.options,
      machineMemory: totalmem(),
      pagePool: pagePoolOfProcess(),
      coordinators: liveCoordinators().size,
      minResidency: (name) => memory.minResidencyOf(name),
      keptByIdleFloor: this.#keptByIdleFloor,
      ignoredLimits: this.#ignoredLimits,
      stuck: this.#stuck,
      now: this.#clock.wallTime(this.#clock.now()),
      mainGrowth: this.#main.growth,
      growths: memory.leaks.findings(),
      wallTime,
      unattributed: this.#last,
    })
    return this.#standing.found(findings, this.#clock.wallTime(this.#clock.now()))
  }

  /** Something has happened that may begin or end a piece. */
  lookSoon(): void {
    this.#next.within(0)
  }

  /** Looks no more of its own accord. */
  stop(): void {
    this.#next.stop()
  }

  /** Whether what was exhausted still is. */
  #outOfRoom(ledger: Ledger): OutOfRoom | undefined {
    const { components, extra, mainThread } = ledger
    const memory = this.#options.memory()
    const plan = memory.pressureLevel === 'low' ? undefined : memory.plan()
    if (!plan || plan.need <= 0 || plan.victims.length > 0) {
      this.#isExhausted = false
      return undefined
    }
    const { need: missing, kept } = plan
    const holders = kept
      .map((each) => ({ ...each, bytes: components[each.name]?.total ?? 0 }))
      .filter(({ reason }) => reason !== 'not-loaded')
    // What only rules of the level keep could go.
    this.#isExhausted = holders.every(({ reason }) => staysWhatever.has(reason))
    const native = unclaimedNative(ledger)
    return this.#isExhausted ? { missing, holders, extra, mainThread: mainThread.total, native } : undefined
  }

  get #stuck(): ReadonlyMap<string, StuckFinding> {
    const stuck = new Map<string, StuckFinding>()
    const now = this.#clock.now()
    for (const [name, { times, at }] of this.#endedStuck) {
      if (now - at < remembered) stuck.set(name, { kind: 'ended', times })
      else this.#endedStuck.delete(name)
    }
    for (const name of this.#silent) stuck.set(name, { kind: 'silent' })
    return stuck
  }
}
