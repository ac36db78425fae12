import { totalmem } from 'node:os'
import { wallTime } from '../base/monotonic.ts'
import { realClock } from '../base/policy-clock.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import { NextLook } from '../component/next-look.ts'
import type { Advice, AdviceEvent } from '../contract/advice.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { CrashEvent } from '../contract/events.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { Kept } from '../contract/unload-policy.ts'
import { pagePoolOfProcess } from '../memory/act/page-pool.ts'
import type { MemoryManager } from '../memory/manager.ts'
import { advise } from './advice.ts'
import type { IgnoredLimit, StuckFinding } from './advice.ts'
import { liveCoordinators } from './live-coordinators.ts'
import { StandingAdvice } from './standing-advice.ts'

export interface AdvisorOptions {
  readonly components: () => readonly ComponentInfo[]
  readonly memory: () => MemoryManager
  /** A piece begins, or is over. */
  readonly tell: (event: AdviceEvent) => void
  /** Default: the real one. */
  readonly clock?: PolicyClock
}

/** ms between two looks that nothing has happened to ask for. */
const lookAgain = 10_000
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
  /** How often each was ended because it was stuck. */
  readonly #endedStuck = new Map<string, number>()
  #unattributed: { least: number; since: number } | undefined
  #last: { least: number; over: number } = { least: 0, over: 0 }

  constructor(options: AdvisorOptions) {
    this.#options = options
    this.#standing = new StandingAdvice(options.tell)
    const { clock = realClock } = options
    this.#clock = clock
    this.#next = new NextLook(() => {
      this.advice()
      this.#next.within(lookAgain)
    }, clock)
    this.#next.within(lookAgain)
  }

  sampled({ unattributed, pending, runtime }: Ledger): void {
    const now = this.#clock.now()
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

  crashed({ name, reason }: CrashEvent): void {
    if (reason === 'stuck') this.#endedStuck.set(name, (this.#endedStuck.get(name) ?? 0) + 1)
  }

  forget(name: string): void {
    this.#silent.delete(name)
    this.#endedStuck.delete(name)
    this.#keptByIdleFloor.delete(name)
    this.#ignoredLimits.delete(name)
  }

  /** What stands now; what has begun or is over since is told first. */
  advice(): Advice[] {
    const { components, memory: getMemory } = this.#options
    const memory = getMemory()
    const findings = advise({
      components: components(),
      ledger: memory.ledger(),
      options: memory.options,
      machineMemory: totalmem(),
      pagePool: pagePoolOfProcess(),
      coordinators: liveCoordinators().size,
      minResidency: (name) => memory.minResidencyOf(name),
      keptByIdleFloor: this.#keptByIdleFloor,
      ignoredLimits: this.#ignoredLimits,
      stuck: this.#stuck,
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

  get #stuck(): ReadonlyMap<string, StuckFinding> {
    const stuck = new Map<string, StuckFinding>()
    for (const [name, times] of this.#endedStuck) stuck.set(name, { kind: 'ended', times })
    for (const name of this.#silent) stuck.set(name, { kind: 'silent' })
    return stuck
  }
}
