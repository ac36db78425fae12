import type { ComponentMemory, Ledger } from '../../contract/ledger.ts'
import type { Registry } from '../../component/registry.ts'
import type { ResolvedDefinition } from '../../component/definition.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { Spares } from '../../host/spares.ts'
import { wallTime } from '../../base/monotonic.ts'
import { forecastSize } from '../decide/forecast.ts'
import type { Forecast } from '../decide/forecast.ts'
import type { AccountSnapshot, LetIn, MemoryRequest } from '../decide/snapshot.ts'
import { MainMeter } from '../measure/main-meter.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import { hasAddons } from '../measure/main-addons.ts'
import { ProcessMeter } from '../measure/process-memory.ts'
import type { ProcessMemory } from '../../base/proc-files.ts'
import { ComponentAccount } from './component-account.ts'
import { Learned } from './learned.ts'
import type { GenerationFate } from './component-account.ts'
import { ExtraWorkers } from './extra-workers.ts'
import { NativeAccount } from './native-account.ts'
import { NativeOwners } from './native-owners.ts'
import { buildLedger } from './ledger.ts'
import type { LedgerEntries } from './ledger.ts'
import { Headroom } from './headroom.ts'
import { measuredWorker } from './measured-worker.ts'
import { WorkerKeys } from './worker-keys.ts'
import { Reservations } from './reservations.ts'
import { snapshotOf } from './snapshot-of.ts'
import { Trend } from './trend.ts'

export interface MemoryBookOptions {
  readonly registry: Registry
  readonly spares: Spares
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** ms of the clock that idle times and residency go by. Default: the same. */
  readonly policyNow?: () => number
  /** A component has been measured to hold more than its own limit allows. */
  readonly onOverrun: (supervisor: Supervisor) => void
  /** There are new figures of a component's worker. */
  readonly onMeasured?: (supervisor: Supervisor) => void
  /** Whether a worker has been seen to run of late. */
  readonly isRunning: (target: MeasuredTarget) => boolean
  /** A thread of ours that nobody measures holds memory for a moment: how much of the process's is native cannot be told then. */
  readonly isHelped: () => boolean
  /** What is resident of this process; replaced in tests. */
  readonly readProcess?: () => ProcessMemory
  /** Has the allocator give back what it keeps; false: it cannot be made to. */
  readonly trim: () => Promise<boolean>
  /** It has, and a sample is wanted. */
  readonly onTrimmed: () => void
}

/** What the ledger takes from elsewhere. */
export type LedgerFrame = Pick<LedgerEntries, 'limit' | 'pending' | 'rss' | 'cgroup' | 'pressureLevel'>

/** What a snapshot takes from elsewhere. */
export interface SnapshotFrame {
  readonly limit: number
  /** The manager's minIdleTime, ms. */
  readonly minIdleTime: number
  readonly unloading: boolean
  readonly requests: readonly MemoryRequest[]
}

/** Who holds how much: the accounts of all components, and the last figures of every worker. */
export class MemoryBook {
  readonly reservations: Reservations<Supervisor>
  readonly trend = new Trend()
  readonly #options: MemoryBookOptions
  readonly #policyNow: () => number
  readonly #accounts = new WeakMap<Supervisor, ComponentAccount>()
  readonly #learned = new WeakMap<ResolvedDefinition, Learned>()
  /** Components with a worker, loading or loaded. Only they cost anything at a sample. */
  readonly #live = new Map<Supervisor, MeasuredTarget>()
  readonly #condemned = new Set<Supervisor>()
  readonly #keys = new WorkerKeys()
  readonly #extra: ExtraWorkers
  readonly #main = new MainMeter()
  readonly #process: ProcessMeter
  readonly #native: NativeAccount
  readonly #owners: NativeOwners
  readonly headroom: Headroom
  #usage: number
  #sampledAt: number
  #changedAt: number
  #idleAt: number
  #trimming = 0

  constructor(options: MemoryBookOptions) {
    this.#options = options
    this.#policyNow = options.policyNow ?? options.now
    this.#extra = new ExtraWorkers(options.spares)
    this.reservations = new Reservations(options.now, (supervisor) => {
      if (!this.#live.has(supervisor)) return undefined
      const memory = this.memoryOf(supervisor)
      // One that was never measured may hold all that was promised.
      return { bytes: memory?.total ?? 0, at: memory?.sampledAt ?? Number.NEGATIVE_INFINITY }
    })
    this.#sampledAt = options.now()
    this.#changedAt = this.#sampledAt
    this.#idleAt = this.#sampledAt
    this.#main.measure()
    this.#process = new ProcessMeter(this.#main.memory.total, options.readProcess)
    this.#native = new NativeAccount({
      now: options.now,
      process: this.#process,
      mainThread: () => this.#main.memory.total,
      workers: () => this.#workers - this.#elsewhere,
      others: hasAddons,
      trim: options.trim,
      checked: options.onTrimmed,
    })
    const account = (supervisor: Supervisor): ComponentAccount => this.account(supervisor)
    this.headroom = new Headroom({ live: this.#live, account, isRunning: options.isRunning })
    this.#owners = new NativeOwners({ ...options, native: this.#native, keys: this.#keys, account })
    this.#usage = this.usage
  }

  get live(): Iterable<Supervisor> & { readonly size: number } {
    return { size: this.#live.size, [Symbol.iterator]: () => this.#live.keys() }
  }

  account(supervisor: Supervisor): ComponentAccount {
    let account = this.#accounts.get(supervisor)
    if (!account) {
      account = new ComponentAccount(this.#learnedOf(supervisor))
      this.#accounts.set(supervisor, account)
    }
    return account
  }

  /** Copies of one component learn together. */
  #learnedOf({ definition }: Supervisor): Learned {
    let learned = this.#learned.get(definition)
    if (!learned) {
      learned = new Learned(this.#policyNow())
      this.#learned.set(definition, learned)
    }
    return learned
  }

  /** `sampledAt` is on the monotonic clock; `readable` turns it into what people read. */
  memoryOf(supervisor: Supervisor): ComponentMemory | null {
    return this.#accounts.get(supervisor)?.memory ?? null
  }

  /** Bytes; undefined before it was first measured. */
  learnedPeakOf(supervisor: Supervisor): number | undefined {
    return this.#accounts.get(supervisor)?.learnedPeak
  }

  /** Figures are about to be asked for. */
  samplingBegins(): void {
    // Before the workers': memory that grows meanwhile is then not taken for native, but theirs.
    this.#process.measure()
  }

  /** Figures of all were asked for at that time (ms), and are in. */
  sampled(time: number): void {
    this.#sampledAt = time
    this.#main.measure()
    this.#owners.sampled(this.#live, time)
    this.#usage = this.usage
    this.trend.measured(time, this.#usage)
  }

  /** Time has passed on the policy's clock: what could not be unloaded may be by now. */
  clockMoved(): void {
    this.#idleAt = this.#options.now()
  }

  /** Something is over that the last figures do not show. */
  changed(): void {
    this.#changedAt = this.#options.now()
  }

  workerStarted(supervisor: Supervisor): void {
    const { generation } = supervisor
    if (generation)
      this.#live.set(
        supervisor,
        measuredWorker(supervisor, generation, this.account(supervisor), {
          ...this.#options,
          onMeasured: (measured) => this.#options.onMeasured?.(measured),
          room: () => this.headroom.of(supervisor),
        }),
      )
  }

  called(supervisor: Supervisor): void {
    this.account(supervisor).called(this.#policyNow(), this.#options.now())
  }

  idle(supervisor: Supervisor): void {
    this.#idleAt = this.#options.now()
    this.account(supervisor).idle(this.#policyNow())
  }

  loaded(supervisor: Supervisor): void {
    const promised = this.reservations.promisedTo(supervisor)
    this.account(supervisor).loaded(this.#options.now(), promised, this.#policyNow())
    this.changed()
  }

  /** @param onGone called when its thread is gone, which may be now. */
  workerEnded(supervisor: Supervisor, generation: Generation, fate: GenerationFate, onGone: () => void): void {
    const key = this.#keys.of(supervisor.name, generation)
    // Its native memory is counted as such until its thread is gone.
    const held = this.#heldBy(supervisor) - (this.memoryOf(supervisor)?.native ?? 0)
    this.#live.delete(supervisor)
    this.#condemned.delete(supervisor)
    this.account(supervisor).ended(this.#policyNow(), fate)
    this.reservations.drop(supervisor)
    // One that was ended as it grew may have taken as much again since its last figures.
    const isHere = generation.host.isolation !== 'process'
    const unsure = fate === 'overgrown' && isHere ? held : 0
    const gone = (bytes: number): void => {
      this.trend.jumped(-bytes - this.#owners.gone(key, this.#learnedOf(supervisor), isHere ? bytes : 0, unsure))
      this.changed()
      onGone()
    }
    if (generation.host.alive) this.#extra.ended(supervisor, generation, held, gone)
    else gone(held)
  }

  /** Its bytes count from now on, until it is over. */
  reserve(supervisor: Supervisor, limit: number): Disposable {
    const forecast = this.forecast(supervisor, limit)
    this.trend.jumped(forecast.expected)
    return this.reservations.reserve(supervisor, forecast)
  }

  /**
   * What the next load of a component needs.
   *
   * @param largestPeak for those who ask for several at a time, and work it out once.
   */
  forecast(supervisor: Supervisor, limit: number, largestPeak = (): number => this.largestPeak): Forecast {
    return forecastSize({
      peaks: this.account(supervisor).peaks,
      estimate: supervisor.definition.memoryEstimate,
      largestOther: largestPeak,
      room: Math.min(limit - this.#main.memory.total, supervisor.definition.family?.limits?.maxMemory ?? limit),
    })
  }

  /** Bytes: the most that any registered component has come to hold of late; 0: none is known. */
  get largestPeak(): number {
    let largest = 0
    for (const each of this.#options.registry.all) largest = Math.max(largest, this.learnedPeakOf(each) ?? 0)
    return largest
  }

  /** Asks that are under way count until they are over, one way or the other. */
  async during<T>(trim: Promise<T>): Promise<T> {
    this.#trimming++
    try {
      return await trim
    } finally {
      this.#trimming--
      this.changed()
    }
  }

  /** Accounted bytes, by the last figures. */
  get usage(): number {
    return this.#main.memory.total + this.#workers + this.#native.total + this.reservations.outstanding
  }

  /** Usage as far as more memory is seen to be used than at the last sample, and by whom is not known yet. */
  get latestUsage(): number {
    return this.usage + this.#native.unseen
  }

  /** ms after which native memory has to be looked at again, whatever happens. */
  get nativeLookIn(): number {
    return this.#native.lookIn
  }

  /** A heap snapshot is being written, or its memory may not be back yet. */
  get isSnapshotAbout(): boolean {
    return this.#owners.isSnapshotAbout
  }

  /** Takes no more samples. */
  stop(): void {
    this.#native.stop()
  }

  /** Bytes of all isolates but the main thread's, and what their components reported. */
  get #workers(): number {
    let sum = this.#extra.total
    for (const supervisor of this.#live.keys()) {
      const memory = this.memoryOf(supervisor)
      if (memory) sum += memory.total - memory.native
    }
    return sum
  }

  /** Usage at the last sample. */
  get sampledUsage(): number {
    return this.#usage
  }

  /** ms since the last sample. */
  get age(): number {
    return this.#options.now() - this.#sampledAt
  }

  ledger(frame: LedgerFrame): Ledger {
    const components: [string, ComponentMemory][] = []
    for (const supervisor of this.#live.keys()) {
      const memory = this.memoryOf(supervisor)
      if (memory) components.push([supervisor.name, readable(memory)])
    }
    return buildLedger({
      ...frame,
      rss: frame.rss + this.#elsewhere,
      time: wallTime(this.#sampledAt),
      components: Object.fromEntries(components),
      extra: this.#extra.list(),
      mainThread: this.#main.memory,
      native: this.#native.total,
      runtime: this.#process.runtime,
      reservations: this.reservations.outstanding,
    })
  }

  /** Bytes that workers hold in processes of their own. */
  get #elsewhere(): number {
    let sum = this.#extra.elsewhere
    for (const supervisor of this.#live.keys()) {
      if (supervisor.generation?.host.isolation === 'process') sum += this.#heldBy(supervisor)
    }
    return sum
  }

  /** All that a decision is made of. What policies are told is worked out only when somebody asks for it. */
  snapshot({ limit, minIdleTime, unloading, requests }: SnapshotFrame): AccountSnapshot {
    const now = this.#options.now()
    const components = Array.from(this.#live.keys(), (supervisor) =>
      snapshotOf(supervisor, this.account(supervisor), {
        key: this.#keys.of(supervisor.name, supervisor.generation),
        now,
        policyNow: this.#policyNow(),
        minIdleTime,
        isLeaving: this.isLeaving(supervisor),
        promised: this.reservations.promisedTo(supervisor),
        dependents: () => this.#dependentsOf(supervisor),
      }),
    )
    return {
      time: now,
      limit,
      usage: this.usage,
      growth: this.trend.sustained,
      workGrowth: components.reduce((sum, { phase, growth }) => sum + (phase === 'ready' ? growth : 0), 0),
      reserved: this.reservations.outstanding,
      possible: this.reservations.possible,
      leaving: this.#leaving,
      unloadTime: this.trend.unloadTime,
      sampledAt: this.#sampledAt,
      changedAt: this.#changedAt,
      idleAt: this.#idleAt,
      trimming: this.#trimming,
      unloading,
      components,
      extra: this.#extra.list(),
      letIn: this.#letIn(),
      requests,
    }
  }

  /** Of limited families: they count in them before they have a worker. */
  #letIn(): LetIn[] {
    const letIn: LetIn[] = []
    for (const { loader, bytes } of this.reservations.arriving()) {
      const { name, definition } = loader
      const family = definition.family?.limits
      if (family) letIn.push({ name, family, bytes })
    }
    return letIn
  }

  isLeaving(supervisor: Supervisor): boolean {
    const { status } = supervisor.state
    return status === 'draining' || status === 'unloading' || this.#condemned.has(supervisor)
  }

  /** Its worker has been told to end at once. */
  condemned(supervisor: Supervisor): void {
    this.#condemned.add(supervisor)
  }

  /** The copy of that name that has a worker. There is one at most: each waits until the one before it is gone. */
  supervisorOf(name: string): Supervisor | undefined {
    for (const each of this.#live.keys()) if (each.name === name) return each
    return undefined
  }

  targetOf(supervisor: Supervisor): MeasuredTarget | undefined {
    return this.#live.get(supervisor)
  }

  /** All workers that hold memory. */
  *targets(): Iterable<MeasuredTarget> {
    this.headroom.refresh()
    yield* this.#live.values()
    yield* this.#extra.targets()
  }

  /** Bytes of workers that are on their way out. */
  get #leaving(): number {
    let sum = this.#extra.ending
    for (const supervisor of this.#live.keys()) {
      if (this.isLeaving(supervisor)) sum += this.#heldBy(supervisor)
    }
    return sum
  }

  #dependentsOf({ component, isOneOfSeveral }: Supervisor): string[] {
    const { registry } = this.#options
    // They can do with another copy.
    if (isOneOfSeveral) return []
    return (
      registry
        .dependentCopiesOf(component)
        // One that is being loaded has had it loaded for itself, and may wait for memory now.
        .filter((dependent) => this.#live.has(dependent) || dependent.state.status === 'loading')
        .map((dependent) => dependent.name)
    )
  }

  #heldBy(supervisor: Supervisor): number {
    return this.memoryOf(supervisor)?.total ?? 0
  }
}

/** The same figures, with their time as the wall clock is set now. */
export function readable(memory: ComponentMemory): ComponentMemory {
  return { ...memory, sampledAt: wallTime(memory.sampledAt) }
}
