import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { Kept, KeptReason } from '../../contract/unload-policy.ts'
import { LONG_USE } from '../tuning.ts'
import type { Action } from './action.ts'
import { isAtLeast } from './pressure.ts'
import type { AccountSnapshot, ComponentSnapshot } from './snapshot.ts'

/** What was seen of a shortage in which nothing goes. Workers by key; times in ms. */
export interface ExhaustionState {
  /** Since when each has been in use, or stuck, as far as was looked. */
  readonly usedSince: ReadonlyMap<string, number>
  /** The worst level at which it was told that nothing could go, and who stayed then. */
  readonly told: { readonly level: PressureLevel; readonly workers: ReadonlySet<string> } | undefined
  /** The worst level at which idle floors were noted to keep what could go. */
  readonly noted: PressureLevel | undefined
}

export const notExhausted: ExhaustionState = { usedSince: new Map(), told: undefined, noted: undefined }

export interface ExhaustionStep {
  readonly state: ExhaustionState
  readonly action: Extract<Action, { kind: 'exhausted' | 'held-up' }> | undefined
  /** When it may be exhausted if all stay as they are; Infinity: something else has to change first. */
  readonly at: number
}

/**
 * Those that stay for these could go: for a load, for `freeMemory`, or once pressure is critical. So memory is short, and not exhausted. At critical pressure nobody is kept by a rule but that of a
 * policy of the program's own.
 */
const couldGo: ReadonlySet<KeptReason> = new Set([
  'min-idle',
  'residency',
  'price',
  'protected',
  'low-pressure',
  'cap',
  'enough',
  'fair-share',
  'not-chosen',
])

/**
 * Whether nothing could go, after a plan that takes nobody: whoever is loaded is pinned, needed by something that stays, or has been in use for long (LONG_USE). A call that has just
 * begun will soon be over, most likely, as will an unload that is under way; a use that has lasted may go on. It is told once, again when the level is worse, or when
 * one of those is gone.
 *
 * @param missing bytes that would have to go.
 */
export function stepExhaustion(
  state: ExhaustionState,
  level: Exclude<PressureLevel, 'low'>,
  missing: number,
  { components, time }: AccountSnapshot,
  kept: readonly Kept[],
): ExhaustionStep {
  const byName = new Map(components.map((component) => [component.name, component]))
  const usedSince = new Map<string, number>()
  // One that was not even weighed may be taken next.
  const weighed = new Set(kept.map(({ name }) => name))
  let at = components.every(({ name }) => weighed.has(name)) ? time : Number.POSITIVE_INFINITY
  for (const { name, reason } of kept) {
    const component = byName.get(name)
    if (!component) continue
    if (reason === 'in-use' || reason === 'stuck') {
      const since = component.busySince ?? state.usedSince.get(component.key) ?? time
      usedSince.set(component.key, since)
      at = Math.max(at, since + LONG_USE[level])
    } else if (component.phase !== 'ready' || (level !== 'critical' && couldGo.has(reason))) {
      at = Number.POSITIVE_INFINITY
    } else if (reason === 'has-dependents' && component.candidate.dependents.some((each) => !byName.has(each))) {
      // That one waits for memory itself, and may be refused it.
      at = Number.POSITIVE_INFINITY
    }
  }
  const told = state.told && areThere(state.told.workers, components) ? state.told : undefined
  const next: ExhaustionState = { ...state, usedSince, told }
  if (at > time) {
    const isNew = state.noted === undefined || !isAtLeast(state.noted, level)
    if (!isNew || !kept.some(({ reason }) => reason === 'min-idle')) return { state: next, action: undefined, at }
    return { state: { ...next, noted: level }, action: { kind: 'held-up', kept }, at }
  }
  if (told && isAtLeast(told.level, level)) return { state: next, action: undefined, at: Number.POSITIVE_INFINITY }
  const workers = new Set(components.map(({ key }) => key))
  return {
    state: { ...next, told: { level, workers } },
    action: { kind: 'exhausted', level, missing, kept },
    at: Number.POSITIVE_INFINITY,
  }
}

/** Nobody looks for a while: who is in use then need not have been in use meanwhile. */
export const unseen = (state: ExhaustionState): ExhaustionState =>
  state.usedSince.size > 0 ? { ...state, usedSince: new Map() } : state

/** One of them goes: whether or not it will, it was idle. */
export function somethingGoes(state: ExhaustionState, victim: ComponentSnapshot | undefined): ExhaustionState {
  const usedSince = new Map(state.usedSince)
  if (victim) usedSince.delete(victim.key)
  return { ...state, usedSince, noted: undefined }
}

function areThere(workers: ReadonlySet<string>, components: readonly ComponentSnapshot[]): boolean {
  const alive = new Set(components.map(({ key }) => key))
  return [...workers].every((key) => alive.has(key))
}
