import type { Registry } from './component/registry.ts'
import type { Families } from './component/families.ts'
import type { DueWatch } from './component/due-watch.ts'
import type { StuckWatch } from './component/stuck-watch.ts'
import { tellEnded, tellRetired } from './component/news.ts'
import type { Supervisor } from './component/supervisor.ts'
import type { Surroundings } from './component/surroundings.ts'
import type { MemoryEvents } from './memory/events.ts'
import type { MemoryManager } from './memory/manager.ts'
import type { Advisor } from './observability/advisor.ts'
import type { Announcer } from './observability/announcer.ts'
import type { ComponentLogs } from './observability/component-logs.ts'
import type { GuardedLogger } from './observability/guarded-logger.ts'
import type { Tracing } from './observability/tracing.ts'

/** The parts of a coordinator that components have to do with. */
export interface CoordinatorParts extends Pick<
  Surroundings,
  | 'clock'
  | 'now'
  | 'keepAlive'
  | 'spares'
  | 'locks'
  | 'calls'
  | 'metricsTakers'
  | 'defaultWorkerOptions'
  | 'memoryReturn'
  | 'inContext'
> {
  readonly logger: GuardedLogger
  readonly registry: Registry
  readonly families: Families
  readonly memory: MemoryManager
  readonly stuck: StuckWatch
  readonly idle: DueWatch
  readonly recycles: DueWatch
  readonly advisor: Advisor
  readonly announcer: Announcer
  readonly logs: ComponentLogs
  readonly tracing: Tracing
}

/** What one component has around it, and who is told of what becomes of it. */
export function surroundingsOf(self: Supervisor, parts: CoordinatorParts): Surroundings {
  const { registry, families: _, memory, stuck, idle, recycles, advisor, announcer, logs, tracing, ...own } = parts
  const { inContext } = own
  const { component: name } = self
  return {
    ...own,
    admit: async (signal) => memory.admit(self, signal),
    peer: (peer) => registry.get(peer),
    peerIfAny: (peer) => (registry.has(peer) ? registry.get(peer) : undefined),
    predecessorsGone: async () => registry.predecessorsGone(self),
    measure: async () => memory.measure(self),
    standing: () => ({ ...memory.standing, held: memory.memoryOf(self)?.total ?? 0 }),
    log: (source, records, dropped) => logs.write(source, records, dropped),
    generationEnded: (generation, end) => tellEnded(registry.dependentCopiesOf(name), name, generation, end),
    workerStarted: () => {
      tracing.look()
      memory.hearing.workerStarted(self)
    },
    workerEnded: (...args) => {
      memory.hearing.workerEnded(self, ...args)
      idle.poke()
    },
    busy: (busy) => {
      // The real clock's time is noted by its worker, and told from there.
      if (!busy && own.clock.given) self.usage.used(own.now())
      inContext(() => memory.hearing.busy(self, busy))
    },
    timedOut: (late, generation) => {
      inContext(() => {
        if (late === undefined) for (const each of registry.all) stuck.poke(each)
        else
          for (const { copies } of registry.allNamed(late)) for (const each of copies) stuck.timedOut(each, generation)
      })
    },
    loaded: (event) => {
      advisor.loaded(name)
      const regret = memory.hearing.loaded(self)
      stuck.poke(self)
      idle.poke()
      recycles.poke()
      announcer.loaded({ ...event, regret })
    },
    loadFailed: (event) => {
      advisor.loadFailed(event)
      announcer.loadFailed(event)
    },
    callFailed: (error, isAnswer) => advisor.callFailed(name, error, isAnswer),
    limitIgnored: (limit) => advisor.limitIgnored(name, limit),
    generationRetired: (generation) => tellRetired(registry.dependentCopiesOf(name), name, generation),
    recycleFailed: (error) =>
      own.logger.warn({ component: name, err: error }, 'could not be replaced: the old generation stays'),
    fewCallsLeft: (component, generation) => {
      for (const { copies } of registry.allNamed(component)) {
        const copy = copies.find((each) => each.generation?.number === generation)
        if (copy) return copy.fewCallsLeft()
      }
      return undefined
    },
    unloaded: (report) => {
      memory.hearing.unloaded(report)
      announcer.unloaded(report)
    },
    crashed: (event) => {
      advisor.crashed(event)
      announcer.crashed(event)
    },
    zombie: (generation) => announcer.zombie(self.origin, generation),
  }
}

/** Who is told what is found out about memory. */
export function memoryEvents(advisor: Advisor, announcer: Announcer, recycles: DueWatch): MemoryEvents {
  return {
    sample: (ledger) => {
      advisor.sampled(ledger)
      recycles.poke()
      announcer.tell('sample', ledger)
    },
    pressure: (event) => announcer.tell('pressure', event),
    growth: () => advisor.lookSoon(),
    exhausted: (event) => {
      advisor.exhausted()
      announcer.tell('exhausted', event)
    },
    heldUp: (kept) => advisor.heldUp(kept),
  }
}
