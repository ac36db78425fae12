import type { ComponentInfo } from '../contract/component-info.ts'
import { headlineOf } from '../contract/describe-value.ts'
import { codeOf } from '../contract/errors/base.ts'
import type { CrashEvent } from '../contract/events.ts'
import type { FailingFinding } from '../words/failing-words.ts'

/** ms over which calls are counted. */
const span = 60_000
/** ms between two counts that are kept. */
const shortest = 1_000
/** ms over which crashes are. */
const crashSpan = 600_000
/** ms for which one that is called no more is still said to have failed: nothing has shown that it does not. Guessed: somebody has read of it by then. */
const remembered = 300_000
/** Share of its calls from which on a component fails; and below which it does no longer. The alert SpillwayCallErrors has the first. Guessed: business errors are rarer. */
export const FAILING_SHARE = { from: 0.1, until: 0.05 } as const
/** Failures that are no accident: of calls, crashes and loads. Guessed. */
export const FAILURES = 3

/** Codes of errors of calls that never began in a worker: it has not counted them. */
const unbegun: ReadonlySet<unknown> = new Set([
  'ERR_OVERLOADED',
  'ERR_COMPONENT_LOAD',
  'ERR_COMPONENT_LOAD_TIMEOUT',
  'ERR_COMPONENT_FAILED',
  'ERR_INSUFFICIENT_MEMORY',
  'ERR_DEPENDENCY_CYCLE',
])

interface Count {
  readonly at: number
  readonly calls: number
  readonly failed: number
}

interface Failures {
  /** Of calls of the main thread that were not answered: that had begun, and that had not. */
  begun: number
  unbegun: number
  /** How calls failed last, as far as this thread knows. */
  last: string | undefined
  /** Oldest first: the first is a minute old, or the oldest there is. */
  counts: Count[]
  isFailing: boolean
  /** When it was last seen to be called. */
  calledAt: number
  crashes: readonly { readonly at: number; readonly reason: string }[]
  /** Loads that have failed since the last that did not. */
  loads: number
  loadFailedAt: number
  loadError: string | undefined
}

/** Counts what fails, by component. Successes cost nothing: workers count their calls in any case. */
export class FailureWatch {
  readonly #now: () => number
  readonly #toldErrorOf: (name: string) => string | undefined
  readonly #components = new Map<string, Failures>()

  /** @param now ms of a monotonic clock. @param toldErrorOf what workers have told that calls failed with last: also those of other components. */
  constructor(now: () => number, toldErrorOf: (name: string) => string | undefined = () => undefined) {
    this.#now = now
    this.#toldErrorOf = toldErrorOf
  }

  /** A call of the main thread has failed. @param isAnswer its worker has counted it as well. */
  callFailed(name: string, error: unknown, isAnswer: boolean): void {
    const failures = this.#of(name)
    failures.last = headlineOf(error)
    if (isAnswer) return
    if (unbegun.has(codeOf(error))) failures.unbegun++
    else failures.begun++
  }

  crashed({ name, reason }: CrashEvent): void {
    const failures = this.#of(name)
    const now = this.#now()
    failures.crashes = [...recent(failures.crashes, now), { at: now, reason }].slice(-100)
  }

  loadFailed(name: string, error: unknown): void {
    const failures = this.#of(name)
    failures.loads++
    failures.loadFailedAt = this.#now()
    failures.loadError = headlineOf(error)
  }

  /** @returns whether it had failed before: to be loaded, or by a crash. */
  loaded(name: string): boolean {
    const failures = this.#components.get(name)
    if (!failures) return false
    const { loads, crashes } = failures
    failures.loads = 0
    return loads > 0 || crashes.length > 0
  }

  forget(name: string): void {
    this.#components.delete(name)
  }

  /** Share of its calls of the last minute that failed, as of the last look; null: there were none. */
  shareOf(name: string): number | null {
    const { calls, failed } = lastMinute(this.#components.get(name)?.counts ?? [])
    return calls > 0 ? failed / calls : null
  }

  /** Which of these fail, and how. */
  look(components: readonly ComponentInfo[]): ReadonlyMap<string, FailingFinding> {
    const findings = new Map<string, FailingFinding>()
    for (const info of components) {
      const finding = this.#examine(info)
      if (finding) findings.set(info.name, finding)
    }
    return findings
  }

  #examine({ name, calls, errors, failure, state }: ComponentInfo): FailingFinding | undefined {
    // One that was never called is not kept.
    const failures = calls > 0 ? this.#of(name) : this.#components.get(name)
    if (failure && state === 'failed') return { kind: 'backing-off', ...failure }
    if (!failures) return undefined
    const now = this.#now()
    // What its worker has not answered it may have counted: when it hears that nobody waits any more. Or it has never heard of it.
    const failed = Math.max(errors, failures.begun) + failures.unbegun
    const total = Math.max(calls + failures.unbegun, failed)
    this.#count(failures, { at: now, calls: total, failed })
    failures.crashes = recent(failures.crashes, now)
    const { crashes, loads, loadError } = failures
    const lastCrash = crashes.at(-1)
    if (lastCrash && crashes.length >= FAILURES && now - lastCrash.at < remembered) {
      const over = now - (crashes[0]?.at ?? now)
      return { kind: 'crashes', times: crashes.length, over, last: lastCrash.reason }
    }
    if (loads >= FAILURES && now - failures.loadFailedAt < remembered)
      return { kind: 'loads', times: loads, last: loadError ?? '' }
    const minute = lastMinute(failures.counts)
    if (minute.calls === 0) return this.#asBefore(name, failures, now)
    const share = minute.failed / minute.calls
    failures.isFailing =
      (failures.isFailing || minute.failed >= FAILURES) &&
      share >= (failures.isFailing ? FAILING_SHARE.until : FAILING_SHARE.from)
    return failures.isFailing ? { kind: 'calls', ...minute, last: failures.last ?? this.#toldErrorOf(name) } : undefined
  }

  /** Nobody has called it in the last minute: what was found before still holds for a while. */
  #asBefore(name: string, failures: Failures, now: number): FailingFinding | undefined {
    failures.isFailing &&= now - failures.calledAt < remembered
    return failures.isFailing
      ? { kind: 'calls', failed: 0, calls: 0, last: failures.last ?? this.#toldErrorOf(name) }
      : undefined
  }

  #count(failures: Failures, count: Count): void {
    const last = failures.counts.at(-1)
    // Registered anew, it counts from 0 again.
    if (last && count.calls < last.calls) failures.counts = []
    if (last && count.calls !== last.calls) failures.calledAt = count.at
    const old = failures.counts.findLastIndex(({ at }) => count.at - at >= span)
    const kept = failures.counts.slice(Math.max(0, old))
    // However often somebody looks, few are kept: the first is where counting begins.
    const newest = kept.length > 1 ? kept.at(-1) : undefined
    if (newest && count.at - newest.at < shortest) kept[kept.length - 1] = { ...count, at: newest.at }
    else kept.push(count)
    failures.counts = kept
  }

  #of(name: string): Failures {
    let failures = this.#components.get(name)
    if (!failures) {
      const counts = [{ at: this.#now(), calls: 0, failed: 0 }]
      const none = {
        begun: 0,
        unbegun: 0,
        last: undefined,
        crashes: [],
        loads: 0,
        loadFailedAt: 0,
        loadError: undefined,
      }
      failures = { ...none, counts, isFailing: false, calledAt: this.#now() }
      this.#components.set(name, failures)
    }
    return failures
  }
}

function lastMinute(counts: readonly Count[]): Pick<Count, 'calls' | 'failed'> {
  const first = counts[0]
  const last = counts.at(-1)
  if (!first || !last) return { calls: 0, failed: 0 }
  // An error may be counted after its call.
  const calls = last.calls - first.calls
  return { calls, failed: Math.min(calls, Math.max(0, last.failed - first.failed)) }
}

const recent = (crashes: Failures['crashes'], now: number): Failures['crashes'] =>
  crashes.filter(({ at }) => now - at < crashSpan)
