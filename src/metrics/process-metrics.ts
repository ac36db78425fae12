import type { DecisionRule } from '../contract/automatic-decision.ts'
import type { ClusterView, MoveKind } from '../contract/cluster.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { LockStats } from '../locks/lock-manager.ts'
import type { ExtraWorker } from '../contract/ledger.ts'
import { clusterOf } from '../live/joined-cluster.ts'
import type { Frame } from './frame.ts'
import type { MetricSet } from './metric-set.ts'

const rules: readonly DecisionRule[] = [
  'pressure',
  'admission',
  'free-memory',
  'family',
  'idle',
  'recycled',
  'memory-limit',
]
const levels = ['low', 'medium', 'high', 'critical'] as const

const moveKinds: readonly MoveKind[] = ['placed', 'taken-over', 'handed-over', 'given-back', 'lost']

/** All metrics of the process as a whole. */
export function addProcessMetrics(set: MetricSet, coordinator: ComponentCoordinator): void {
  const { memory, locks } = coordinator
  set.gauge('memory_usage_bytes', 'Main thread, workers, native memory and reservations', ({ ledger }) => ledger.usage)
  set.gauge('memory_limit_bytes', 'The limit that usage is held under', ({ ledger }) => ledger.limit)
  set.gauge('memory_main_bytes', 'The main thread', ({ ledger }) => ledger.mainThread.total)
  set.gauge('memory_reservations_bytes', 'What loads under way may still grow by', ({ ledger }) => ledger.reservations)
  set.gauge('memory_unattributed_bytes', 'Resident set that nothing accounts for', ({ ledger }) => ledger.unattributed)
  set.gauge('memory_native_bytes', 'Native memory that nobody reported', ({ ledger }) => ledger.native)
  set.gauge('memory_runtime_bytes', 'Code, libraries, and what a process starts with', ({ ledger }) => ledger.runtime)
  set.gauge(
    'memory_pending_bytes',
    'Freed by unloads, not yet back with the operating system',
    ({ ledger }) => ledger.pending,
  )
  set.gauge('memory_resident_bytes', 'Resident set of the process', ({ ledger }) => ledger.rss)
  set.gauge('memory_cgroup_bytes', 'Of the control group, without page cache', ({ ledger }) => ledger.cgroup?.current)
  set.gauge('memory_cgroup_limit_bytes', 'Limit of the control group', ({ ledger }) => ledger.cgroup?.limit)
  set.labelled('gauge', 'memory_threshold_ratio', 'Share of the limit at which a level begins', 'level', () => {
    const { lowThreshold, mediumThreshold, highThreshold, criticalThreshold } = memory.options
    const thresholds = [lowThreshold, mediumThreshold, highThreshold, criticalThreshold]
    return levels.map((level, index) => [level, thresholds[index]] as const)
  })
  set.labelled('gauge', 'pressure_level', '1 for the current level, 0 for the others', 'level', ({ ledger }) =>
    levels.map((level) => [level, level === ledger.pressureLevel ? 1 : 0] as const),
  )
  set.labelled(
    'counter',
    'pressure_changes_total',
    'Changes to a level',
    'level',
    (_, tallies) => tallies.pressureChanges,
  )
  set.labelled(
    'counter',
    'decisions_total',
    'Automatic decisions that a component goes, by rule',
    'rule',
    (_, tallies) => rules.map((rule) => [rule, tallies.decisions.get(rule) ?? 0] as const),
  )
  set.labelled(
    'counter',
    'kept_total',
    'Components that stayed when another one went, by reason',
    'reason',
    (_, tallies) => tallies.kept,
  )
  set.counter('automatic_unloads_total', 'Unloads for want of memory', () => memory.regrets.unloads)
  set.counter(
    'regretted_unloads_total',
    'Of those, the ones followed by a load within 60 s',
    () => memory.regrets.reloaded,
  )
  set.counter('exhausted_total', 'Times that nothing could be unloaded under pressure', (tallies) => tallies.exhausted)
  set.gauge('thrashing', '1 while components push each other out', () => (memory.thrashing ? 1 : 0))
  set.advice(() => coordinator.advice())
  set.gauge('sample_age_seconds', 'Age of the figures', () => memory.sampleAge / 1_000)
  set.gauge('sample_duration_seconds', 'How long the last sample took', () => memory.sampleTime / 1_000)

  set.gauge('components', 'Registered components', ({ components }) => components.length)
  set.gauge('workers', 'Workers of components', ({ ledger }) => Object.keys(ledger.components).length)
  set.gauge('spare_workers', 'Workers kept ready', (frame) => extra(frame, 'spare'))
  set.gauge('ending_workers', 'Workers on their way out', (frame) => extra(frame, 'ending'))
  set.gauge('zombie_workers', 'Workers that did not die when told to', (frame) => extra(frame, 'zombie'))
  set.counter('zombies_total', 'Workers that did not die by their deadline', (tallies) => tallies.zombies)

  const lock = (name: string, help: string, value: (stats: LockStats) => number): void =>
    set.gauge(`locks_${name}`, help, () => value(locks.stats()))
  const lockCount = (name: string, help: string, value: (stats: LockStats) => number): void =>
    set.counter(`lock_${name}_total`, help, () => value(locks.stats()))
  lock('held', 'Leases that are held', ({ held }) => held)
  lock('waiting', 'Requests that wait', ({ waiting }) => waiting)
  lockCount('grants', 'Leases given out', ({ granted }) => granted)
  lockCount('contended', 'Requests that had to wait', ({ contended }) => contended)
  lockCount('timeouts', 'Requests not granted in time', ({ timeouts }) => timeouts)
  lockCount('deadlocks', 'Requests refused as a deadlock', ({ deadlocks }) => deadlocks)
  lockCount('revoked', 'Leases taken away', ({ revoked }) => revoked)
  lockCount('wait_seconds', 'Time spent waiting for locks', ({ totalWait }) => totalWait / 1_000)
}

/** Of the cluster, while one is joined; it may be, and be left, at any time. Moves are those that this host heard of: not to be added up over hosts. */
export function addClusterMetrics(set: MetricSet, coordinator: ComponentCoordinator): void {
  const joined = (): ClusterView | undefined => clusterOf(coordinator)
  set.gauge(
    'cluster_hosts',
    'Hosts of the cluster that were heard of lately, with this one',
    () => joined()?.hosts().length,
  )
  set.labelled(
    'gauge',
    'cluster_room_bytes',
    'What a host can still take before its pressure is high',
    'host',
    () =>
      joined()
        ?.hosts()
        .map(({ name, room }) => [name, room] as const) ?? [],
  )
  set.gauge('cluster_keys', 'Keys of families that this host owns', () => joined()?.keys?.())
  set.labelled(
    'counter',
    'cluster_moves_total',
    'Keys that changed their owner, as this host heard of it',
    'kind',
    () => {
      const counts = joined()?.moveCounts?.()
      return counts ? moveKinds.map((kind) => [kind, counts[kind]] as const) : []
    },
  )
}

const extra = ({ ledger }: Frame, kind: ExtraWorker['kind']): number =>
  ledger.extra.filter((worker) => worker.kind === kind).length
