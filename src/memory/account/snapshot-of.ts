import type { Supervisor } from '../../component/supervisor.ts'
import type { UnloadCandidate } from '../../contract/unload-policy.ts'
import { minResidency } from '../decide/residency.ts'
import type { ComponentSnapshot } from '../decide/snapshot.ts'
import type { ComponentAccount } from './component-account.ts'

interface SnapshotFrame {
  readonly key: string
  readonly now: number
  /** By the clock that idle times go by. */
  readonly policyNow: number
  readonly minIdleTime: number
  readonly isLeaving: boolean
  readonly promised: number
  /** Names of loaded components that depend on it. */
  readonly dependents: () => readonly string[]
}

/** One component as a decision sees it. */
export function snapshotOf(supervisor: Supervisor, account: ComponentAccount, frame: SnapshotFrame): ComponentSnapshot {
  const { name, definition, state } = supervisor
  const { key, now, isLeaving, promised } = frame
  let candidate: UnloadCandidate | undefined
  return {
    name,
    key,
    phase: isLeaving ? 'leaving' : state.status === 'loading' ? 'loading' : 'ready',
    bytes: account.memory?.total ?? 0,
    get peak() {
      return account.learnedPeak ?? 0
    },
    limited: account.limited,
    age: now - (account.memory?.sampledAt ?? now),
    memoryLimit: definition.memoryLimit,
    family: definition.family?.limits,
    growth: account.sustainedGrowth,
    least: account.leastLately,
    promised,
    collecting: account.isCollecting,
    collectedAt: account.collectedAt,
    busySince: account.busySince,
    get candidate() {
      return (candidate ??= candidateOf(supervisor, account, frame))
    },
  }
}

function candidateOf(supervisor: Supervisor, account: ComponentAccount, frame: SnapshotFrame): UnloadCandidate {
  const { name, definition, state } = supervisor
  const stuck = account.isStuck || supervisor.stuckFor > 0
  return {
    name,
    loaded: state.status === 'ready' && !frame.isLeaving,
    // One that is stuck is at something, call or not.
    inUse: supervisor.inUse > 0 || stuck,
    stuck,
    // One whose snapshot failed just now would only fail again, and hold up its calls meanwhile.
    pinned: definition.pinned || supervisor.hibernation.failedLately,
    priority: definition.priority,
    bytes: account.memory?.total ?? 0,
    idleTime: supervisor.idleTime,
    minIdleTime: definition.minIdleTime ?? frame.minIdleTime,
    residentTime: Math.max(0, frame.policyNow - state.since),
    minResidency: minResidency(account.residency, frame.policyNow),
    dependents: frame.dependents(),
    reloadCost: supervisor.lastLoadTime ?? 0,
    gaps: account.gaps,
  }
}
