import type { Worker } from 'node:worker_threads'
import { getHeapStatistics } from 'node:v8'
import type { ComponentMemory } from '../component/component-info.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { SpareWorkers } from '../host/spare-workers.ts'
import { readCgroupMemory } from './cgroup.ts'
import { ComponentAccount } from './component-account.ts'
import type { ComponentGrowth } from './growth.ts'
import { buildLedger } from './ledger.ts'
import type { CgroupMemory, ExtraWorker, Ledger, LedgerEntries, MainMemory } from './ledger.ts'
import type { UnloadCandidate } from './policy.ts'
import { minResidency } from './residency.ts'
import { totalOf } from './worker-memory.ts'
import { WorkerSampler } from './worker-sampler.ts'
import type { SampleTarget } from './worker-sampler.ts'

export interface MemoryBookOptions {
  readonly registry: Registry
  readonly spares: SpareWorkers
  readonly residentSet: () => number
  /** ms of a monotonic clock, and of the epoch. */
  readonly now: () => number
  readonly epoch: () => number
  /** A worker has been measured: heap and external memory (bytes), against its limit. */
  readonly onMeasured: (supervisor: Supervisor, held: number) => void
}

/** What the ledger takes from elsewhere. */
export type LedgerFrame = Pick<LedgerEntries, 'limit' | 'pending' | 'pressureLevel'>

/** ms for which the control group's figures are taken to stand. */
const cgroupAge = 1_000

/** Who holds how much: the accounts of all components, and the last figures of every worker. */
export class MemoryBook {
  readonly #options: MemoryBookOptions
  readonly #sampler = new WorkerSampler()
  readonly #accounts = new Map<string, ComponentAccount>()
  /** Components with a worker, loading or loaded. Only they cost anything at a sample. */
  readonly #live = new Set<Supervisor>()
  readonly #reserving = new Set<ComponentAccount>()
  readonly #extra = new WeakMap<Worker, number>()
  #cgroup: { readonly at: number; readonly memory: CgroupMemory | null } | undefined

  constructor(options: MemoryBookOptions) {
    this.#options = options
  }

  get live(): ReadonlySet<Supervisor> {
    return this.#live
  }

  account(name: string): ComponentAccount {
    let account = this.#accounts.get(name)
    if (!account) {
      account = new ComponentAccount()
      this.#accounts.set(name, account)
    }
    return account
  }

  memoryOf(name: string): ComponentMemory | null {
    return this.#accounts.get(name)?.memory ?? null
  }

  workerStarted(supervisor: Supervisor): void {
    this.#live.add(supervisor)
  }

  workerEnded(supervisor: Supervisor, automatic: boolean): void {
    this.#live.delete(supervisor)
    this.account(supervisor.name).ended(this.#options.now(), automatic)
  }

  forget(name: string): void {
    this.#accounts.delete(name)
  }

  /** What loads under way, and components that have just been loaded, may still grow by. */
  get reservations(): number {
    let sum = 0
    for (const account of this.#reserving) sum += account.outstanding
    return sum
  }

  reserve(name: string, bytes: number): void {
    const account = this.account(name)
    account.reserved = bytes
    this.#reserving.add(account)
  }

  release(name: string): void {
    const account = this.account(name)
    account.reserved = 0
    this.#reserving.delete(account)
  }

  /** Measures all workers side by side; one that does not answer within `deadline` ms is stale. */
  async measure(deadline: number): Promise<void> {
    await this.#sampler.sample(this.#targets(), deadline)
  }

  /** Measures one component's worker. */
  async measureOne(supervisor: Supervisor, deadline: number): Promise<void> {
    const target = this.#targetOf(supervisor)
    if (target) await this.#sampler.sample([target], deadline)
  }

  ledger(frame: LedgerFrame): Ledger {
    const components: Record<string, ComponentMemory> = {}
    for (const { name } of this.#live) {
      const memory = this.memoryOf(name)
      if (memory) components[name] = memory
    }
    return buildLedger({
      ...frame,
      time: this.#options.epoch(),
      components,
      extra: this.#extraWorkers(),
      main: measureMain(),
      reservations: this.reservations,
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
    return [...this.#live].map((supervisor) => this.#candidate(supervisor, idleFloor))
  }

  growths(limit: number): ComponentGrowth[] {
    return [...this.#live].map(({ name, definition }) => {
      const account = this.account(name)
      return {
        total: account.memory?.total ?? 0,
        memoryLimit: definition.memoryLimit ?? limit,
        growth: account.growth,
      }
    })
  }

  /** Bytes of components that are on their way out. */
  get leaving(): number {
    let sum = 0
    for (const { name, state } of this.#live) {
      if (state.status === 'draining' || state.status === 'unloading') sum += this.memoryOf(name)?.total ?? 0
    }
    return sum
  }

  #candidate(supervisor: Supervisor, idleFloor: number): UnloadCandidate {
    const { name, definition, state } = supervisor
    const { registry, now, epoch } = this.#options
    const account = this.account(name)
    return {
      name,
      loaded: state.status === 'ready',
      inUse: supervisor.inUse > 0,
      pinned: definition.pinned,
      priority: definition.priority,
      bytes: account.memory?.total ?? 0,
      idleTime: supervisor.idleTime,
      minIdleTime: definition.minIdleTime ?? idleFloor,
      residentTime: Math.max(0, epoch() - state.since),
      minResidency: minResidency(account.residency, now()),
      dependents: registry.dependentsOf(name).filter((dependent) => this.#isLive(dependent)),
      reloadCost: supervisor.lastLoadTime ?? 0,
      gaps: account.gaps,
    }
  }

  #isLive(name: string): boolean {
    return this.#options.registry.has(name) && this.#live.has(this.#options.registry.get(name))
  }

  *#targets(): Iterable<SampleTarget> {
    for (const supervisor of this.#live) {
      const target = this.#targetOf(supervisor)
      if (target) yield target
    }
    for (const { worker } of this.#extraHosts()) {
      if (!worker) continue
      yield { worker, answered: (memory) => this.#extra.set(worker, totalOf(memory, 0)), late: () => {} }
    }
  }

  #targetOf(supervisor: Supervisor): SampleTarget | undefined {
    const { generation, name } = supervisor
    const worker = generation?.host.worker
    if (!generation || !worker) return undefined
    const account = this.account(name)
    return {
      worker,
      answered: (memory) => {
        // An answer that comes after the generation is over says nothing about the next one.
        if (supervisor.generation !== generation) return
        account.measured(memory, generation.activity.reported, this.#options.now(), this.#options.epoch())
        this.#options.onMeasured(supervisor, memory.heap + memory.external)
      },
      late: () => account.stale(),
    }
  }

  *#extraHosts(): Iterable<{ name: string; kind: ExtraWorker['kind']; worker: Worker | undefined }> {
    for (const [index, { worker }] of this.#options.spares.hosts.entries()) {
      yield { name: `spare worker ${index + 1}`, kind: 'spare', worker }
    }
    for (const supervisor of this.#options.registry.haunted) {
      for (const [{ worker }, generation] of supervisor.zombies) {
        yield { name: `${supervisor.name} (generation ${generation})`, kind: 'zombie', worker }
      }
    }
  }

  #extraWorkers(): ExtraWorker[] {
    return [...this.#extraHosts()].map(({ name, kind, worker }) => ({
      name,
      kind,
      total: (worker && this.#extra.get(worker)) ?? 0,
    }))
  }
}

function measureMain(): MainMemory {
  const heap = getHeapStatistics()
  const figures = {
    used: heap.used_heap_size,
    physical: heap.total_physical_size,
    external: heap.external_memory,
    malloced: heap.malloced_memory,
  }
  return { ...figures, total: figures.physical + figures.external + figures.malloced }
}
