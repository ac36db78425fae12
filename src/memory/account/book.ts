import type { ComponentMemory, CgroupMemory, Ledger } from '../../contract/ledger.ts'
import type { Registry } from '../../component/registry.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { SpareWorkers } from '../../host/spare-workers.ts'
import { wallTime } from '../../base/monotonic.ts'
import { readCgroupMemory } from '../measure/cgroup.ts'
import { ComponentAccount } from './component-account.ts'
import type { GenerationFate } from './component-account.ts'
import { ExtraWorkers } from './extra-workers.ts'
import type { ComponentGrowth } from '../decide/growth.ts'
import { buildLedger } from './ledger.ts'
import type { LedgerEntries } from './ledger.ts'
import { MainMeter } from '../measure/main-meter.ts'
import { Measurement } from '../measure/measurement.ts'
import type { MeasuredWorker } from '../measure/measurement.ts'
import type { UnloadCandidate } from '../decide/policy.ts'
import { Reservations } from './reservations.ts'
import { minResidency } from '../decide/residency.ts'

export interface MemoryBookOptions {
  readonly registry: Registry
  readonly spares: SpareWorkers
  readonly residentSet: () => number
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** A component's worker has been measured: heap and external memory (bytes), which its limit is held against, and how old (ms) that figure is. */
  readonly onMeasured: (supervisor: Supervisor, held: number, age: number) => void
}

/** What the ledger takes from elsewhere. */
export type LedgerFrame = Pick<LedgerEntries, 'time' | 'limit' | 'pending' | 'pressureLevel'>

/** ms for which the control group's figures are taken to stand. */
const cgroupAge = 1_000
/** Bytes to expect of a component of which nothing is known: a worker with a small module. */
const smallComponent = 16 * 1024 ** 2
/** Times the largest known component that one of which nothing is known may need, as far as one can guess. */
const surprise = 1.5
/** The share of the limit that a component of which nothing is known may need at most, as far as one can guess. */
const unknownShare = 2 / 3

/** Who holds how much: the accounts of all components, and the last figures of every worker. */
export class MemoryBook {
  readonly measurement: Measurement
  readonly reservations: Reservations
  readonly #options: MemoryBookOptions
  readonly #accounts = new WeakMap<Supervisor, ComponentAccount>()
  /** Components with a worker, loading or loaded. Only they cost anything at a sample. */
  readonly #live = new Map<Supervisor, MeasuredWorker>()
  readonly #condemned = new Set<Supervisor>()
  readonly #extra: ExtraWorkers
  readonly #main: MainMeter
  #cgroup: { readonly at: number; readonly memory: CgroupMemory | null } | undefined

  constructor(options: MemoryBookOptions) {
    this.#options = options
    this.#main = new MainMeter(options.now)
    this.#extra = new ExtraWorkers(options.spares)
    this.measurement = new Measurement(() => this.#targets(), options.now)
    this.reservations = new Reservations(options.now, (name) => {
      const live = this.#liveNamed(name)
      return live && this.#heldBy(live)
    })
  }

  get live(): Iterable<Supervisor> & { readonly size: number } {
    return { size: this.#live.size, [Symbol.iterator]: () => this.#live.keys() }
  }

  account(supervisor: Supervisor): ComponentAccount {
    let account = this.#accounts.get(supervisor)
    if (!account) {
      account = new ComponentAccount(this.#options.now())
      this.#accounts.set(supervisor, account)
    }
    return account
  }

  /** `sampledAt` is on the monotonic clock; `readable` turns it into what people read. */
  memoryOf(supervisor: Supervisor): ComponentMemory | null {
    return this.#accounts.get(supervisor)?.memory ?? null
  }

  /** Bytes; undefined before it was first measured. */
  learnedPeakOf(supervisor: Supervisor): number | undefined {
    return this.#accounts.get(supervisor)?.learnedPeak
  }

  /** ms it has to stay loaded because it was reloaded too soon after unloads. */
  minResidencyOf(supervisor: Supervisor): number {
    const account = this.#accounts.get(supervisor)
    return account ? minResidency(account.residency, this.#options.now()) : 0
  }

  workerStarted(supervisor: Supervisor): void {
    const { generation } = supervisor
    if (generation) this.#live.set(supervisor, this.#targetOf(supervisor, generation))
  }

  /** @param onGone called with the bytes it held when its thread is gone, which may be now. */
  workerEnded(
    supervisor: Supervisor,
    generation: Generation,
    fate: GenerationFate,
    onGone: (bytes: number) => void,
  ): void {
    const held = this.#heldBy(supervisor)
    this.#live.delete(supervisor)
    this.#condemned.delete(supervisor)
    this.account(supervisor).ended(this.#options.now(), fate)
    this.reservations.drop(supervisor.name)
    if (generation.host.alive) this.#extra.ended(supervisor, generation, held, onGone)
    else onGone(held)
  }

  /** Measures one component's worker, at the latest after `patience` ms. */
  async measureOne(supervisor: Supervisor, patience: number): Promise<void> {
    const target = this.#live.get(supervisor)
    if (target) await this.measurement.measureOne(target, patience)
  }

  /**
   * What the next load of a component needs (bytes): its learned peak, before the first load its estimate. It `may` need more when nothing is
   * known of it: somewhat more than the largest of the others, within reason.
   */
  expected(supervisor: Supervisor, limit: number): { readonly need: number; readonly mayNeed: number } {
    const known = this.learnedPeakOf(supervisor) ?? supervisor.definition.memoryEstimate
    if (known > 0) return { need: known, mayNeed: known }
    let largest = smallComponent
    for (const each of this.#options.registry.all) largest = Math.max(largest, this.learnedPeakOf(each) ?? 0)
    return {
      need: smallComponent,
      mayNeed: Math.max(smallComponent, Math.min(largest * surprise, limit * unknownShare)),
    }
  }

  /** Accounted bytes, by the last figures. */
  get usage(): number {
    let sum = this.#main.memory.total + this.#extra.total + this.reservations.outstanding
    for (const supervisor of this.#live.keys()) sum += this.#heldBy(supervisor)
    return sum
  }

  ledger(frame: LedgerFrame): Ledger {
    const components: [string, ComponentMemory][] = []
    for (const supervisor of this.#live.keys()) {
      const memory = this.memoryOf(supervisor)
      if (memory) components.push([supervisor.name, readable(memory)])
    }
    return buildLedger({
      ...frame,
      components: Object.fromEntries(components),
      extra: this.#extra.list(),
      mainThread: this.#main.memory,
      reservations: this.reservations.outstanding,
      rss: this.#options.residentSet(),
      cgroup: this.cgroup,
    })
  }

  get cgroup(): CgroupMemory | null {
    const now = this.#options.now()
    if (!this.#cgroup || now - this.#cgroup.at >= cgroupAge) this.#cgroup = { at: now, memory: readCgroupMemory() }
    return this.#cgroup.memory
  }

  /** What a policy may choose from. `idleFloor` is the manager's minIdleTime. */
  candidates(idleFloor: number): UnloadCandidate[] {
    return Array.from(this.#live.keys(), (supervisor) => this.#candidate(supervisor, idleFloor))
  }

  /** Of the components that run: the heap of one that does nothing stays as it is. */
  growths(limit: number): ComponentGrowth[] {
    const growths: ComponentGrowth[] = []
    for (const [supervisor, target] of this.#live) {
      if (!this.measurement.isRunning(target)) continue
      const { memory, peakGrowth } = this.account(supervisor)
      growths.push({
        // What a component reports does not count towards its own limit.
        total: (memory?.total ?? 0) - (memory?.reported ?? 0),
        memoryLimit: supervisor.definition.memoryLimit ?? limit,
        growth: peakGrowth,
      })
    }
    return growths
  }

  /** Growth that has lasted, of all that is loaded and at work (bytes/ms). */
  get growth(): number {
    let sum = 0
    for (const supervisor of this.#live.keys()) {
      if (supervisor.state.status !== 'ready' || this.isLeaving(supervisor)) continue
      sum += this.account(supervisor).sustainedGrowth
    }
    return sum
  }

  /** Bytes of workers that are on their way out. */
  get leaving(): number {
    let sum = this.#extra.ending
    for (const supervisor of this.#live.keys()) {
      if (this.isLeaving(supervisor)) sum += this.#heldBy(supervisor)
    }
    return sum
  }

  isLeaving(supervisor: Supervisor): boolean {
    const { status } = supervisor.state
    return status === 'draining' || status === 'unloading' || this.#condemned.has(supervisor)
  }

  /** Its worker has been told to end at once. */
  condemned(supervisor: Supervisor): void {
    this.#condemned.add(supervisor)
  }

  /** Whether a load is under way that has a worker already. */
  get loading(): boolean {
    for (const { state } of this.#live.keys()) if (state.status === 'loading') return true
    return false
  }

  #candidate(supervisor: Supervisor, idleFloor: number): UnloadCandidate {
    const { name, definition, state } = supervisor
    const { registry, now } = this.#options
    const account = this.account(supervisor)
    const dependents = registry.dependentsOf(name).filter((dependent) => this.#live.has(dependent))
    return {
      name,
      loaded: state.status === 'ready' && !this.isLeaving(supervisor),
      // One that is stuck is at something, call or not.
      inUse: supervisor.inUse > 0 || account.isStuck,
      // One whose snapshot failed just now would only fail again, and hold up its calls meanwhile.
      pinned: definition.pinned || supervisor.hibernation.failedLately,
      priority: definition.priority,
      bytes: account.memory?.total ?? 0,
      idleTime: supervisor.idleTime,
      minIdleTime: definition.minIdleTime ?? idleFloor,
      residentTime: Math.max(0, now() - state.since),
      minResidency: minResidency(account.residency, now()),
      dependents: dependents.map((dependent) => dependent.name),
      reloadCost: supervisor.lastLoadTime ?? 0,
      gaps: account.gaps,
    }
  }

  /** There is one at most: each waits until the one before it is gone. */
  #liveNamed(name: string): Supervisor | undefined {
    for (const each of this.#options.registry.allNamed(name)) if (this.#live.has(each)) return each
    return undefined
  }

  #heldBy(supervisor: Supervisor): number {
    return this.memoryOf(supervisor)?.total ?? 0
  }

  *#targets(): Iterable<MeasuredWorker> {
    yield* this.#live.values()
    yield* this.#extra.targets()
  }

  #targetOf(supervisor: Supervisor, generation: Generation): MeasuredWorker {
    const account = this.account(supervisor)
    const { now, onMeasured } = this.#options
    return {
      worker: generation.host.worker,
      answered: (memory, asked) => {
        // An answer that comes after the generation is over says nothing about the next one.
        if (supervisor.generation !== generation) return
        const { activity } = generation
        const age = now() - asked
        // It was true when the worker was asked, however late it is read here: growth is measured from then on.
        account.measured(memory, activity, asked, asked)
        onMeasured(supervisor, memory.heap + memory.external + activity.wasm, age)
      },
      late: () => account.late(generation.activity),
      unchanged: () => account.unchanged(generation.activity, now(), now()),
    }
  }
}

/** The same figures, with their time as the wall clock is set now. */
export function readable(memory: ComponentMemory): ComponentMemory {
  return { ...memory, sampledAt: wallTime(memory.sampledAt) }
}
