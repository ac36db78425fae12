import type { ComponentCoordinator } from '../coordinator.ts'
import type { MetricSet } from './metric-set.ts'

/** All metrics with a `component` label. */
export function addComponentMetrics(set: MetricSet, coordinator: ComponentCoordinator): void {
  const { memory } = coordinator
  set.componentStates()
  set.ofComponents('generation', 'Loads begun since registration', (info) => info.generation)
  set.ofComponents('priority', 'Priority, 0 to 100; lower is more important', (info) => info.priority, 'max')
  set.ofComponents('in_process', '1 where it has a process of its own, 0 where a thread', ({ isolation }) =>
    isolation === 'process' ? 1 : 0,
  )
  set.ofComponents('in_use', 'Calls under way and waiting, open streams, subscriptions, leases', (info) => info.inUse)
  set.ofComponents('waiting_calls', 'Calls that wait for the component to be loaded', (info) => info.waiting)
  set.ofComponents(
    'idle_seconds',
    'Time since its last use, while it is loaded',
    (info) => (info.memory ? info.idleTime / 1_000 : null),
    'max',
  )
  set.ofComponents(
    'last_load_duration_seconds',
    'How long its last load took',
    (info) => (info.lastLoadTime === null ? null : info.lastLoadTime / 1_000),
    'max',
  )

  set.ofMemory('memory_bytes', 'What counts: physical heap, external, malloced, reported and native', (m) => m.total)
  set.ofMemory('heap_used_bytes', 'Live objects and garbage not yet collected', (m) => m.used)
  set.ofMemory('heap_physical_bytes', 'Pages of the heap that are really there', (m) => m.physical)
  set.ofMemory('external_bytes', 'ArrayBuffers, SharedArrayBuffers and WebAssembly memories', (m) => m.external)
  set.ofMemory('malloced_bytes', 'Allocations of V8 itself', (m) => m.malloced)
  set.ofMemory('reported_bytes', 'Native memory that the component reported', (m) => m.reported)
  set.ofMemory('native_bytes', 'Native memory that it is taken to have and nobody reported', (m) => m.native)
  set.ofMemory('memory_peak_bytes', 'Largest memory of this generation', (m) => m.peak, 'max')
  set.ofMemory('sample_stale', '1 when its last sample was not answered in time', (m) => (m.stale ? 1 : 0), 'max')
  set.ofComponents(
    'sample_age_seconds',
    'Age of its figures',
    ({ memory }) => (memory ? Math.max(0, Date.now() - memory.sampledAt) / 1_000 : null),
    'max',
  )
  set.ofComponents(
    'memory_limit_bytes',
    'Its own limit, of one copy, else the total one',
    (info, { ledger }) => info.memoryLimit ?? ledger.limit,
    'max',
  )
  set.ofComponents(
    'memory_limit_ratio',
    'What one copy holds of that limit, the one that holds most',
    ({ instances, memoryLimit }, { ledger }) => {
      const most = Math.max(...instances.map((copy) => copy.memory?.total ?? 0))
      return most > 0 ? most / (memoryLimit ?? ledger.limit) : null
    },
    'max',
  )
  set.ofComponents(
    'memory_estimate_bytes',
    'The estimate it was registered with, of one copy',
    (info) => info.memoryEstimate || null,
    'max',
  )
  set.ofComponents(
    'memory_learned_peak_bytes',
    'Largest memory that one copy had in its last generations',
    (info) => info.learnedPeak,
    'max',
  )

  set.ofComponents(
    'cpu_ratio',
    'Processor time of its worker, of one processor',
    (info) => memory.processorUse(info.name)?.cpu,
  )
  set.ofComponents(
    'event_loop_utilization_ratio',
    'Share of the time in which its event loop did not wait',
    (info) => memory.processorUse(info.name)?.eventLoop,
    'max',
  )

  set.countOf('calls_total', 'Calls begun, of the main thread and of other components', (tally) => tally.calls)
  set.countsOf('call_errors_total', 'Calls of the main thread that rejected', 'code', (tally) => tally.callErrors)
  set.ofComponents(
    'error_ratio',
    'Share of its calls of the last minute that failed, whoever made them',
    ({ name }) => coordinator.errorShareOf(name),
    'max',
  )
  set.ofComponents('growth_bytes', 'What it is known to grow by in a minute and to keep', ({ name }) =>
    memory.growthOf(name),
  )
  set.countOf('loads_total', 'Loads that succeeded', (tally) => tally.loads)
  set.countsOf('load_errors_total', 'Loads that failed', 'code', (tally) => tally.loadErrors)
  set.countsOf('unloads_total', 'Unloads', 'reason', (tally) => tally.unloads)
  set.countsOf('crashes_total', 'Ends of its worker that were no unload', 'reason', (tally) => tally.crashes)
  set.countOf(
    'reloads_after_unload_total',
    'Loads within 60 s of an automatic unload, which each such load shows to have been a mistake',
    (tally) => tally.regrets,
  )
  set.countOf('released_bytes_total', 'How much the resident set shrank at its unloads', (tally) => tally.released)
  set.countOf(
    'retained_bytes_total',
    'What its unloads freed and the operating system did not get back at once',
    (tally) => tally.retained,
  )

  set.histogramOf('call_duration_seconds', 'Calls of the main thread, waiting for a load included', (tally) => [
    [{}, tally.callDuration],
  ])
  set.histogramOf('load_duration_seconds', 'From the decision to load until it was ready', (tally) => [
    [{}, tally.loadDuration],
  ])
  set.histogramOf('unload_duration_seconds', 'Phases of an unload: drain, dispose, terminate', (tally) =>
    [...tally.unloadDuration].map(([phase, histogram]) => [{ phase }, histogram] as const),
  )
}
