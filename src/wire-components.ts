import type { Registry } from './component/registry.ts'
import type { IdleWatch } from './component/idle-watch.ts'
import type { StuckWatch } from './component/stuck-watch.ts'
import type { Surroundings } from './component/surroundings.ts'
import type { MemoryManager } from './memory/manager.ts'
import type { Advisor } from './observability/advisor.ts'
import type { Announcer } from './observability/announcer.ts'
import type { ComponentLogs } from './observability/component-logs.ts'
import type { Tracing } from './observability/tracing.ts'

/** The parts of a coordinator that components have to do with. */
export interface CoordinatorParts extends Pick<
  Surroundings,
  'now' | 'keepAlive' | 'spares' | 'logger' | 'locks' | 'calls' | 'defaultWorkerOptions' | 'reclaimer' | 'inContext'
> {
  readonly registry: Registry
  readonly memory: MemoryManager
  readonly stuck: StuckWatch
  readonly idle: IdleWatch
  readonly advisor: Advisor
  readonly announcer: Announcer
  readonly logs: ComponentLogs
  readonly tracing: Tracing
}

/** Who is told of what becomes of components. */
export function surroundingsIn(parts: CoordinatorParts): Surroundings {
  const { registry, memory, stuck, idle, advisor, announcer, logs, tracing, ...own } = parts
  const { inContext } = own
  return {
    ...own,
    admission: memory,
    supervisorOf: (name) => registry.get(name),
    supervisorIfAny: (name) => (registry.has(name) ? registry.get(name) : undefined),
    predecessorsGone: async (supervisor) => registry.predecessorsGone(supervisor),
    measure: async (supervisor) => memory.measure(supervisor),
    log: (source, records, dropped) => logs.write(source, records, dropped),
    generationEnded: (name, generation, end) => {
      for (const dependent of registry.dependentsOf(name)) dependent.dependencyEnded(name, generation, end)
    },
    workerStarted: (supervisor) => {
      tracing.look()
      memory.workerStarted(supervisor)
    },
    workerEnded: (...args) => {
      memory.workerEnded(...args)
      idle.poke()
    },
    busy: (supervisor, busy) => inContext(() => memory.busy(supervisor, busy)),
    timedOut: (name) => {
      inContext(() => {
        if (name === undefined) for (const each of registry.all) stuck.poke(each)
        else for (const each of registry.allNamed(name)) stuck.timedOut(each)
      })
    },
    loaded: (supervisor, event) => {
      memory.loaded(supervisor)
      stuck.poke(supervisor)
      idle.poke()
      announcer.loaded(event)
    },
    loadFailed: (event) => announcer.loadFailed(event),
    limitIgnored: (name, limit) => advisor.limitIgnored(name, limit),
    unloaded: (report) => {
      memory.unloaded(report)
      announcer.unloaded(report)
    },
    crashed: (event) => {
      advisor.crashed(event)
      announcer.crashed(event)
    },
    zombie: (name, generation) => announcer.zombie(name, generation),
  }
}
