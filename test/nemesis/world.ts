/** What the actions of a round act on, and report to. */
import { ComponentCoordinator } from '../../src/index.ts'
import type { ComponentFamily, Remote } from '../../src/index.ts'
import type victim from './components/victim.ts'
import type { RoundConfig } from './components/victim.ts'
import { Culprits } from './culprits.ts'
import { addThrowingListeners } from './faults/listeners.ts'
import { addThrowingHandlers, removeThrowingHandlers } from './faults/transfer-handlers.ts'
import type { SlowDisk } from './faults/slow-disk.ts'
import { Executions } from './executions.ts'
import { exclusionSlots } from './exclusion.ts'
import { describeReason, isExpected, verdictOf } from './expected-errors.ts'
import type { Allowed } from './expected-errors.ts'
import { Finalized } from './finalized.ts'
import { KeptState } from './kept-state.ts'
import { Pending } from './pending.ts'
import type { Problem, ProblemKind } from './problem.ts'
import { roundLogger } from './round-logger.ts'
import { familyKeys, names } from './roster.ts'
import type { Definition, Roster } from './roster.ts'
import type { Stalls } from './stalls.ts'
import { UsageModel } from './usage-model.ts'

/** A component that offers `snapshot()` has `bump` as well; the others refuse it. */
export type Victim = Remote<typeof victim> & {
  bump(token: number): Promise<{ generation: number; thread: number; bumps: number }>
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: unknown }

/** ms that what has a deadline may be late, on a busy machine. */
const slack = 5_000

export class World implements Disposable {
  readonly coordinator: ComponentCoordinator
  readonly family: ComponentFamily<typeof victim>
  readonly executions = new Executions()
  readonly pending = new Pending()
  readonly usage = new UsageModel((problem) => this.problem(problem, 'unloaded in use'))
  readonly culprits = new Culprits((problem) => this.problem(problem, 'innocent ended'))
  readonly keptState = new KeptState((problem) => this.problem(problem, 'wrong answer'))
  readonly finalized = new Finalized()
  /** Lives as long as the round; many calls are made with it, and none may leave a listener behind. */
  readonly longSignal = new AbortController().signal
  readonly problems: Problem[] = []
  readonly roster: Roster
  readonly disk: SlowDisk
  readonly stalls: Stalls
  /** Told of all that is attempted, and of what became of it. */
  trace: ((line: string) => void) | undefined
  /** What every component of the round is given. */
  readonly config: RoundConfig

  constructor(roster: Roster, disk: SlowDisk, stalls: Stalls) {
    this.roster = roster
    this.disk = disk
    this.stalls = stalls
    this.config = { counts: this.executions.counts, exclusion: exclusionSlots(), spite: roster.spite }
    const logger = roundLogger((...line: readonly unknown[]) => this.keptState.logged(line[0], line[1]), roster.spite)
    this.coordinator = new ComponentCoordinator({ ...roster.options, logger })
    this.coordinator.on('unload', (report) => this.usage.unloaded(report))
    this.coordinator.on('crash', (event) => {
      this.culprits.crashed(event)
      this.keptState.lost(event.name, event.generation)
    })
    if (roster.spite) {
      addThrowingListeners(this.coordinator)
      addThrowingHandlers()
    }
    for (const definition of roster.components) this.register(definition)
    this.family = this.coordinator.registerFamily<typeof victim>({ ...roster.family, config: () => this.config })
  }

  problem(text: string, kind: ProblemKind = 'wrong answer'): void {
    this.problems.push({ kind, text })
  }

  register(definition: Definition): void {
    const { config, hibernate, ...rest } = definition
    this.coordinator.registerComponent({
      ...rest,
      config: { ...config, ...this.config },
      ...(hibernate && { hibernate: { ...hibernate, directory: this.disk.directory } }),
    })
  }

  /** The component of that name; members of the family and the passing one are registered if need be. */
  victim(name: string): Victim {
    const key = familyKeys.find((each) => this.family.componentName(each) === name)
    if (key !== undefined) return this.family.get(key) as Victim
    if (name === names.passing && !this.coordinator.list().some((info) => info.name === name))
      this.register(this.roster.passing)
    return this.coordinator.component<typeof victim>(name) as Victim
  }

  /** Does something that may be refused as `allowed` says, and must settle. */
  async attempt<T>(what: string, allowed: Allowed, body: () => Promise<T>): Promise<Outcome<T>> {
    this.trace?.(`${what} ...`)
    try {
      const value = await this.pending.track(what, (async () => body())())
      this.trace?.(`${what}: done`)
      return { ok: true, value }
    } catch (reason) {
      this.trace?.(`${what}: ${describeReason(reason)}`)
      if (!isExpected(reason, allowed))
        this.problem(`${what} rejected with ${describeReason(reason)}`, 'unexpected error')
      return { ok: false, reason }
    }
  }

  /**
   * One call, with a token of its own.
   *
   * @param bound ms in which it settles, if it has a deadline.
   */
  async call<T>(
    what: string,
    allowed: Allowed,
    body: (token: number) => Promise<T>,
    bound?: number,
  ): Promise<Outcome<T>> {
    const token = this.executions.issue(what)
    const late = bound === undefined ? undefined : this.deadline(what, bound)
    const outcome = await this.attempt(what, allowed, async () => body(token))
    this.executions.judge(token, outcome.ok ? 'ran' : verdictOf(outcome.reason))
    late?.()
    return outcome
  }

  /** From now on; the result is called when it is over, and tells whether that was too late. Time in which this thread was blocked does not count. */
  deadline(what: string, bound: number): () => void {
    const began = performance.now()
    const stalled = this.stalls.total
    return () => {
      const took = performance.now() - began - (this.stalls.total - stalled)
      if (took > bound + slack) this.problem(`${what} settled after ${Math.round(took)} ms, not ${bound}`, 'late')
    }
  }

  [Symbol.dispose](): void {
    removeThrowingHandlers()
  }
}

export const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
