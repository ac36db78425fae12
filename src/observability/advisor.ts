import { pagePoolOfProcess } from '../memory/act/page-pool.ts'
import { totalmem } from 'node:os'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { CrashEvent, ExhaustedEvent } from '../contract/events.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { MemoryManager } from '../memory/manager.ts'
import { advise } from './advice.ts'
import type { Advice, IgnoredLimit, StuckFinding } from './advice.ts'
import { liveCoordinators } from './live-coordinators.ts'
import type { Logger } from '../contract/logger.ts'

export interface AdvisorOptions {
  readonly components: () => readonly ComponentInfo[]
  readonly memory: () => MemoryManager
  readonly logger: Logger
  /** ms of a monotonic clock. */
  readonly now: () => number
}

/** ms between two looks that nobody asked for. */
const lookAgain = 10_000
/** ms over which unattributed memory has to stay to count. */
const stretch = 60_000

/** Pieces of advice that are remembered as told; families may have any number of members. */
const mostTold = 1_000

/** Notices what takes time to notice, and logs each piece of advice once. */
export class Advisor {
  readonly #options: AdvisorOptions
  readonly #keptByIdleFloor = new Map<string, number>()
  readonly #ignoredLimits = new Map<string, IgnoredLimit>()
  readonly #silent = new Set<string>()
  /** How often each was ended because it was stuck. */
  readonly #endedStuck = new Map<string, number>()
  readonly #told = new Set<string>()
  #unattributed: { least: number; since: number } | undefined
  #last: { least: number; over: number } = { least: 0, over: 0 }
  #lookedAt: number

  constructor(options: AdvisorOptions) {
    this.#options = options
    this.#lookedAt = options.now()
  }

  sampled({ unattributed, pending, runtime }: Ledger): void {
    const now = this.#options.now()
    const least = Math.max(0, unattributed - pending - runtime)
    const stretchSoFar = this.#unattributed
    if (!stretchSoFar || now - stretchSoFar.since >= stretch) {
      if (stretchSoFar) this.#last = { least: stretchSoFar.least, over: now - stretchSoFar.since }
      this.#unattributed = { least, since: now }
    } else stretchSoFar.least = Math.min(stretchSoFar.least, least)
    if (now - this.#lookedAt < lookAgain) return
    this.#lookedAt = now
    this.#log(this.advice())
  }

  exhausted({ kept }: ExhaustedEvent): void {
    for (const { name, reason } of kept) {
      if (reason === 'min-idle') this.#keptByIdleFloor.set(name, (this.#keptByIdleFloor.get(name) ?? 0) + 1)
    }
  }

  limitIgnored(name: string, limit: IgnoredLimit): void {
    this.#ignoredLimits.set(name, limit)
    this.#log(this.advice())
  }

  /** A component's calls wait and its event loop does not turn; or it does again, or its worker is gone. */
  silent(name: string, silent: boolean): void {
    if (silent) {
      this.#silent.add(name)
      this.#log(this.advice())
    } else if (this.#silent.delete(name)) this.#told.delete(`stuck:${name}`)
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

  advice(): Advice[] {
    const { components, memory: getMemory } = this.#options
    const memory = getMemory()
    return advise({
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
      unattributed: this.#last,
    })
  }

  get #stuck(): ReadonlyMap<string, StuckFinding> {
    const stuck = new Map<string, StuckFinding>()
    for (const [name, times] of this.#endedStuck) stuck.set(name, { kind: 'ended', times })
    for (const name of this.#silent) stuck.set(name, { kind: 'silent' })
    return stuck
  }

  #log(advice: readonly Advice[]): void {
    for (const { id, component, severity, message } of advice) {
      if (this.#told.has(id)) continue
      this.#told.add(id)
      if (this.#told.size > mostTold) this.#told.delete(this.#told.values().next().value ?? id)
      this.#options.logger[severity === 'warning' ? 'warn' : 'info']({ advice: id, component }, message)
    }
  }
}
