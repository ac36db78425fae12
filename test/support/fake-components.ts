import type { Registry } from '../../src/component/registry.ts'
import type { Supervisor } from '../../src/component/supervisor.ts'
import type { AutomaticDecision } from '../../src/contract/automatic-decision.ts'
import type { PressureLevel } from '../../src/contract/pressure-level.ts'
import type { UnloadReason, UnloadReport } from '../../src/contract/unload-report.ts'
import type { ComponentHost, MeasuredWorker } from '../../src/host/component-host.ts'
import type { Spares } from '../../src/host/spares.ts'
import type { Telling } from '../../src/host/told-memory.ts'
import type { WorkerMemory } from '../../src/host/worker-memory.ts'
import { Measurement } from '../../src/memory/measure/measurement.ts'
import type { MeasuredTarget } from '../../src/memory/measure/measurement.ts'
import { MemoryBook } from '../../src/memory/account/book.ts'

/** A worker as far as it is measured: it holds what a test says, and answers when a test says. */
export class FakeWorker implements MeasuredWorker {
  /** Bytes. */
  physical = 0
  external = 0
  /** ms in which its event loop was not waiting. */
  active = 0
  /** Microseconds. */
  cpu = 0
  /** Its answers wait for `answer`. */
  isBlocked = false
  isGone = false
  questions = 0
  /** What it has told last. */
  telling: Telling | undefined
  #open: (() => void)[] = []

  told(after: number): Telling | undefined {
    return this.telling && this.telling.number > after ? this.telling : undefined
  }

  activeTime(): number {
    return this.active
  }

  async memory(): Promise<WorkerMemory> {
    this.questions++
    const { physical, external } = this
    if (this.isBlocked) await new Promise<void>((resolve) => this.#open.push(resolve))
    if (this.isGone) throw new Error('ERR_WORKER_NOT_RUNNING')
    return { used: physical, physical, external, malloced: 0, heap: physical }
  }

  async processorTime(): Promise<number> {
    if (this.isGone) throw new Error('ERR_WORKER_NOT_RUNNING')
    return this.cpu
  }

  /** With what was true when it was asked. */
  answer(): void {
    this.isBlocked = false
    for (const open of this.#open.splice(0)) open()
  }
}

export class FakeHost extends FakeWorker {
  readonly isolation = 'thread'
  readonly fake: FakeWorker = this
  alive = true
  #exits: (() => void)[] = []

  onExit(listener: () => void): void {
    this.#exits.push(listener)
  }

  exit(): void {
    this.alive = false
    this.isGone = true
    for (const listener of this.#exits.splice(0)) listener()
  }

  get asHost(): ComponentHost {
    return this as unknown as ComponentHost
  }
}

/** A component as far as memory's parts see it. It notes what it is asked for, and does it when a test says so. */
export class FakeComponent {
  readonly name: string
  readonly component: string
  readonly isOneOfSeveral = false
  readonly definition = {
    memoryLimit: undefined as number | undefined,
    memoryEstimate: 0,
    minIdleTime: undefined as number | undefined,
    pinned: false,
    priority: 50,
    timeout: 30_000,
  }
  readonly hibernation = { failedLately: false }
  readonly addons: readonly string[] = []
  readonly zombies = new Map<ComponentHost, number>()
  readonly activity = { reported: 0, uncounted: 0 }
  readonly host = new FakeHost()
  readonly generation: object | undefined
  state = { status: 'ready', since: 0 }
  inUse = 0
  readonly stuckFor = 0
  readonly unloadedBy = null
  idleTime = 0
  lastLoadTime: number | undefined
  /** What it was asked for. */
  readonly asked: string[] = []
  readonly collected = Promise.withResolvers<boolean>()
  readonly trimmed = Promise.withResolvers<boolean>()
  readonly unloaded = Promise.withResolvers<UnloadReport | undefined>()

  constructor(name: string, number = 1) {
    this.name = name
    this.component = name
    const { host, activity } = this
    const trim = async (level: PressureLevel, deadline: number, urgent: boolean): Promise<boolean> => {
      this.asked.push(`collect ${level} ${deadline} ${urgent}`)
      return this.collected.promise
    }
    this.generation = { number, host, activity, trim }
  }

  async trim(level: PressureLevel, deadline: number): Promise<boolean> {
    this.asked.push(`trim ${level} ${deadline}`)
    return this.trimmed.promise
  }

  async unload(reason: UnloadReason, deadline: number, onlyIfIdle: boolean): Promise<UnloadReport | undefined> {
    this.asked.push(`unload ${reason} ${deadline} ${onlyIfIdle}`)
    return this.unloaded.promise
  }

  async kill(reason: string): Promise<void> {
    this.asked.push(`kill ${reason}`)
  }

  /** Holds that many bytes, and has been measured to. */
  holds(book: MemoryBook, bytes: number, time = 0): void {
    const { fake } = this.host
    fake.physical = bytes
    const memory = { used: bytes, physical: bytes, external: 0, malloced: 0, heap: bytes }
    book.targetOf(this.asSupervisor)?.answered(memory, time)
  }

  /** It is gone, at once. */
  exits(book: MemoryBook, fate: 'ended' | 'evicted' | 'overgrown' = 'evicted'): void {
    this.host.exit()
    book.workerEnded(this.asSupervisor, this.asSupervisor.generation as never, fate, () => {})
  }

  get asSupervisor(): Supervisor {
    return this as unknown as Supervisor
  }
}

export interface FakeBook {
  readonly book: MemoryBook
  readonly clock: { now: number }
  readonly spares: FakeHost[]
  /** Names, as they pass their own limit. */
  readonly overruns: string[]
  /** Workers that have not run of late. */
  readonly still: Set<object>
  /** What is resident of the process. */
  readonly resident: { rss: number; anonymous: number }
  /** When (ms) the allocator was asked to give back what it keeps. */
  readonly trims: number[]
}

/**
 * A real book of components that are none, which have been loaded.
 *
 * @param dependents by name.
 */
export function bookOf(
  components: readonly FakeComponent[],
  dependents: Readonly<Record<string, readonly FakeComponent[]>> = {},
): FakeBook {
  const clock = { now: 10_000 }
  const spares: FakeHost[] = []
  const overruns: string[] = []
  const still = new Set<object>()
  const resident = { rss: 0, anonymous: 0 }
  const trims: number[] = []
  const registry = {
    all: components,
    dependentCopiesOf: (name: string) => dependents[name] ?? [],
  }
  const book = new MemoryBook({
    registry: registry as unknown as Registry,
    spares: { hosts: spares } as unknown as Spares,
    now: () => clock.now,
    onOverrun: ({ name }) => overruns.push(name),
    isRunning: ({ worker }) => !still.has(worker),
    readProcess: () => resident,
    trim: async () => {
      trims.push(clock.now)
      return true
    },
    onTrimmed: () => {},
    isHelped: () => false,
  })
  for (const each of components) book.workerStarted(each.asSupervisor)
  return { book, clock, spares, overruns, still, resident, trims }
}

/** What something is unloaded by, as far as it matters. */
export const decisionOf = (name: string): AutomaticDecision => ({
  rule: 'pressure',
  level: 'high',
  usage: 960,
  limit: 1_000,
  growth: 0,
  need: 50,
  load: null,
  option: null,
  family: null,
  victims: [{ name, bytes: 300 }],
  choice: 'only',
  kept: [],
})

/** What an unload reports, as far as it matters. */
export const reportOf = (name: string, zombie = false): UnloadReport => ({
  name,
  generation: 1,
  reason: 'pressure',
  predicted: 0,
  released: 0,
  retained: 0,
  how: [],
  children: [],
  times: { drain: 0, dispose: 0, terminate: 0 },
  zombie,
  decision: null,
  why: null,
  outcome: null,
})

/** Measures those as if each were near a limit, and all of them were at work. */
export const measurementOf = (targets: () => Iterable<MeasuredTarget>, now: () => number): Measurement =>
  new Measurement({ targets, now, room: () => 0, allRest: () => false, residentSet: () => 0 })
