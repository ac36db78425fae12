import type { CallRecord } from '../channel/call-watch.ts'
import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { CoordinatorEvents } from '../contract/events.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { errorCode } from './error-code.ts'
import { keyOf, subjectOf } from './series-of.ts'
import type { FamilySeries, Subject } from './series-of.ts'
import { Counts, phases, Tally } from './tally.ts'

/**
 * ms for which the series of a component that is no longer registered are still told, from the first scrape that finds it gone: each of those who scrape has had
 * its last figures by then, as Prometheus does that once a minute unless it is told otherwise.
 */
export const lingering = 60_000
/** Of components that are gone, so many keep their series for that long. Guessed: where keys come and go by the thousand, a scrape is not to be all about them. */
const mostLingering = 1_000

interface Entry {
  readonly subject: Subject
  readonly tally: Tally
  /** When it was first found to be registered no longer: ms. */
  goneAt: number | undefined
}

/** Counts what the coordinator tells of, from its making until it is disposed of. */
export class Tallies implements Disposable {
  readonly pressureChanges = new Counts()
  /** Automatic decisions by rule. */
  readonly decisions = new Counts()
  /** Components that stayed when something went, by reason. */
  readonly kept = new Counts()
  exhausted = 0
  zombies = 0
  readonly #coordinator: ComponentCoordinator
  readonly #families: FamilySeries
  /** By component. Members of a family may have one tally together. */
  readonly #entries = new Map<string, Entry>()
  readonly #ofFamilies = new Map<string, Tally>()
  readonly #now: () => number
  readonly #stop: () => void

  /** @param now ms of a monotonic clock. */
  constructor(coordinator: ComponentCoordinator, families: FamilySeries, now: () => number = monotonicNow) {
    this.#coordinator = coordinator
    this.#families = families
    this.#now = now
    const listeners: { [E in keyof CoordinatorEvents]?: (payload: CoordinatorEvents[E][0]) => void } = {
      load: ({ name, generation, duration, regret }) => {
        const tally = this.of(name)
        tally.sawGeneration(name, generation)
        tally.loads++
        tally.loadDuration.observe(duration / 1_000)
        if (regret) tally.regrets++
      },
      loadError: ({ name, generation, error }) => {
        this.of(name).sawGeneration(name, generation)
        this.of(name).loadErrors.add(errorCode(error))
      },
      unload: (report) => this.#unloaded(this.of(report.name), report),
      crash: ({ name, reason, decision }) => {
        this.of(name).crashes.add(reason)
        this.#decided(decision)
      },
      pressure: ({ level }) => this.pressureChanges.add(level),
      exhausted: () => void this.exhausted++,
      zombie: () => void this.zombies++,
    }
    const calls = coordinator.watchCalls((call) => this.#called(call))
    const entries = Object.entries(listeners) as [keyof CoordinatorEvents, () => void][]
    for (const [event, listener] of entries) coordinator.on(event, listener)
    this.#stop = () => {
      calls[Symbol.dispose]()
      for (const [event, listener] of entries) coordinator.off(event, listener)
    }
  }

  /** Each once. */
  get all(): Iterable<readonly [Subject, Tally]> {
    return new Map(Array.from(this.#entries.values(), ({ subject, tally }) => [tally, subject] as const))
      .entries()
      .map(([tally, subject]) => [subject, tally] as const)
  }

  of(name: string): Tally {
    return this.#entry(name).tally
  }

  /** The series that a component is, or was, part of. */
  subjectOf(name: string): Subject {
    return this.#entry(name).subject
  }

  /**
   * Takes over what registered components count themselves, and forgets those that have been gone for long enough.
   *
   * @returns the names of those that are forgotten.
   */
  saw(components: readonly ComponentInfo[]): readonly string[] {
    for (const { name, calls } of components) {
      const entry = this.#entry(name)
      entry.goneAt = undefined
      entry.tally.sawCalls(name, calls)
    }
    return this.#prune(new Set(components.map(({ name }) => name)))
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name)
    if (!entry) {
      const subject = subjectOf({ name, family: this.#familyOf(name) }, this.#families)
      entry = { subject, tally: this.#tallyOf(subject), goneAt: undefined }
      this.#entries.set(name, entry)
    }
    return entry
  }

  #tallyOf(subject: Subject): Tally {
    if (!('family' in subject)) return new Tally()
    const key = keyOf(subject)
    const tally = this.#ofFamilies.get(key) ?? new Tally()
    this.#ofFamilies.set(key, tally)
    return tally
  }

  #familyOf(name: string): string | null {
    try {
      return this.#coordinator.info(name).family
    } catch {
      // It is told of after it was unregistered.
      return null
    }
  }

  #prune(registered: ReadonlySet<string>): string[] {
    const now = this.#now()
    const gone = [...this.#entries].filter(([name]) => !registered.has(name))
    for (const [, entry] of gone) entry.goneAt ??= now
    const isOver = ([, { goneAt = now }]: (typeof gone)[number], index: number): boolean =>
      now - goneAt >= lingering || index < gone.length - mostLingering
    const over = gone.filter(isOver)
    for (const [name, { tally }] of over) {
      tally.left(name)
      this.#entries.delete(name)
    }
    this.#forgetFamilies()
    return over.map(([name]) => name)
  }

  /** Those without a member, whose series are no longer told: they would begin anew. */
  #forgetFamilies(): void {
    const told = new Set(Array.from(this.#entries.values(), ({ tally }) => tally))
    for (const [key, tally] of this.#ofFamilies) if (!told.has(tally)) this.#ofFamilies.delete(key)
  }

  #called({ component, duration, failed, error }: CallRecord): void {
    const tally = this.of(component)
    tally.callDuration.observe(duration / 1_000)
    if (failed) tally.callErrors.add(errorCode(error))
  }

  #unloaded(tally: Tally, { reason, released, retained, times, decision }: UnloadReport): void {
    tally.unloads.add(reason)
    tally.released += released
    tally.retained += retained
    for (const phase of phases) tally.unloadDuration.get(phase)?.observe(times[phase] / 1_000)
    this.#decided(decision)
  }

  #decided(decision: AutomaticDecision | null): void {
    if (!decision) return
    this.decisions.add(decision.rule)
    for (const { reason } of decision.kept) if (reason !== 'not-loaded') this.kept.add(reason)
  }
}
