import { RecordedGaps } from '../../src/memory/decide/call-gaps.ts'
import type { UnloadCandidate } from '../../src/contract/unload-policy.ts'
import { initialResidency, minResidency, type ResidencyState } from '../../src/memory/decide/residency.ts'
import type { TraceComponent } from './trace.ts'

/** `calls` are those that wait for it, or that it serves while loaded. Times in ms. */
export type SimulatedState =
  | { readonly kind: 'unloaded' }
  /** Its load waits to be admitted; `held`: not just for an unload that was under way. */
  | { readonly kind: 'asking'; readonly since: number; calls: number; held: boolean }
  | { readonly kind: 'loading'; calls: number }
  | { readonly kind: 'loaded'; readonly since: number; calls: number; idleSince: number }
  | { readonly kind: 'unloading'; calls: number }

/** A component without a worker: what it would do, and what is known of it. */
export interface SimulatedComponent extends TraceComponent {
  readonly index: number
  readonly gaps: RecordedGaps
  state: SimulatedState
  residency: ResidencyState
  loads: number
  /** When it became idle last; 0, when everything was registered, before its first call. */
  lastUsed: number
}

export const simulatedComponent = (component: TraceComponent, index: number): SimulatedComponent => ({
  ...component,
  index,
  gaps: new RecordedGaps(),
  state: { kind: 'unloaded' },
  residency: initialResidency,
  loads: 0,
  lastUsed: 0,
})

/** What a policy is told of a loaded component. */
export function candidateOf(
  component: SimulatedComponent,
  now: number,
  settings: { readonly minIdleTime: number; readonly residency: boolean },
): UnloadCandidate {
  const { state } = component
  const { calls, since, idleSince } = state.kind === 'loaded' ? state : { calls: 1, since: now, idleSince: now }
  return {
    name: component.name,
    loaded: state.kind === 'loaded',
    inUse: calls > 0,
    pinned: false,
    priority: 50,
    bytes: component.bytes,
    idleTime: calls > 0 ? 0 : now - idleSince,
    minIdleTime: settings.minIdleTime,
    residentTime: now - since,
    minResidency: settings.residency ? minResidency(component.residency, now) : 0,
    dependents: [],
    reloadCost: component.initCost,
    gaps: component.gaps,
  }
}
