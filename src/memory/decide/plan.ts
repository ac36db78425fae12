import { headlineOf } from '../../contract/describe-value.ts'
import { PROTECTED_PRIORITY } from '../tuning.ts'
import type {
  Kept,
  KeptReason,
  PolicyChoice,
  UnloadCandidate,
  UnloadPlan,
  UnloadPolicy,
  UnloadTrigger,
} from '../../contract/unload-policy.ts'
import { reasonWords } from '../../words/reasons.ts'
import { bytesOf } from './price.ts'
import { priorityIdle } from './policy-priority-idle.ts'

/**
 * Asks `policy` and checks its answer. A victim that must not go (in use, pinned, not loaded, protected, with
 * dependents that are loaded and not victims before it), that does not exist or that is named twice is dropped with a
 * note, and so is everything after the need is met. A policy that throws or answers with nothing usable is replaced by
 * 'priority-idle' for this plan, with a note.
 *
 * The minimum residency of a component makes nothing more important than it go in its place.
 */
export function planUnload(
  policy: UnloadPolicy,
  candidates: readonly UnloadCandidate[],
  trigger: UnloadTrigger,
  need: number,
): UnloadPlan {
  let asked = candidates
  for (;;) {
    const plan = planOnce(policy, asked, trigger, need)
    const yielding = yieldingTo(plan, asked)
    if (yielding.size === 0) return plan
    asked = asked.map((candidate) => (yielding.has(candidate.name) ? { ...candidate, minResidency: 0 } : candidate))
  }
}

/** Those that were kept for their minimum residency although they are less important than a victim. */
function yieldingTo({ victims, kept }: UnloadPlan, candidates: readonly UnloadCandidate[]): Set<string> {
  const taken = new Set(victims.map(({ name }) => name))
  const mostImportant = candidates
    .filter(({ name }) => taken.has(name))
    .reduce((least, { priority }) => Math.min(least, priority), Number.POSITIVE_INFINITY)
  const resident = new Set(kept.filter(({ reason }) => reason === 'residency').map(({ name }) => name))
  return new Set(
    candidates
      .filter(({ name, priority, minResidency }) => resident.has(name) && minResidency > 0 && priority > mostImportant)
      .map(({ name }) => name),
  )
}

function planOnce(
  policy: UnloadPolicy,
  candidates: readonly UnloadCandidate[],
  trigger: UnloadTrigger,
  need: number,
): UnloadPlan {
  const notes: string[] = []
  const choice = ask(policy, candidates, trigger, need, notes)
  const byName = new Map(candidates.map((candidate) => [candidate.name, candidate]))
  const victims = new Map<string, UnloadCandidate>()
  let freed = 0
  for (const name of choice.victims) {
    const candidate = byName.get(name)
    const objection =
      candidate === undefined
        ? 'it is no candidate'
        : victims.has(name)
          ? 'it was named before'
          : objectionTo(candidate)
    if (candidate === undefined || objection !== undefined) {
      notes.push(`"${name}" was not taken: ${objection}`)
    } else if (freed >= need) {
      notes.push(`"${name}" was not taken: those before it free enough`)
    } else {
      victims.set(name, candidate)
      freed += bytesOf(candidate)
    }
  }
  function objectionTo(candidate: UnloadCandidate): string | undefined {
    const reason = forbidden(candidate, trigger)
    if (reason !== undefined) return `it is ${reasonWords(reason)}`
    const dependent = candidate.dependents.find((name) => !victims.has(name))
    return dependent === undefined ? undefined : `"${dependent}" depends on it and stays`
  }

  const reasons = new Map((choice.kept ?? []).map(({ name, reason }) => [name, reason]))
  const kept = candidates
    .filter(({ name }) => !victims.has(name))
    .map((candidate) => ({ name: candidate.name, reason: reasonToStay(candidate) }))
  function reasonToStay(candidate: UnloadCandidate): KeptReason {
    const given = reasons.get(candidate.name) ?? forbidden(candidate, trigger)
    if (given !== undefined) return given
    if (candidate.dependents.some((name) => !victims.has(name))) return 'has-dependents'
    return freed >= need ? 'enough' : 'not-chosen'
  }

  return {
    trigger,
    need,
    freed,
    victims: Array.from(victims.values(), (victim) => ({ name: victim.name, bytes: bytesOf(victim) })),
    kept,
    notes,
  }
}

/** What no policy may override. */
function forbidden(candidate: UnloadCandidate, trigger: UnloadTrigger): KeptReason | undefined {
  if (!candidate.loaded) return 'not-loaded'
  if (candidate.stuck === true) return 'stuck'
  if (candidate.inUse) return 'in-use'
  if (candidate.pinned) return 'pinned'
  if (trigger === 'low') return 'low-pressure'
  if (candidate.priority <= PROTECTED_PRIORITY && trigger !== 'critical') return 'protected'
  return undefined
}

function ask(
  policy: UnloadPolicy,
  candidates: readonly UnloadCandidate[],
  trigger: UnloadTrigger,
  need: number,
  notes: string[],
): PolicyChoice {
  let complaint: string
  try {
    const choice: unknown = policy(candidates, trigger, need)
    if (isChoice(choice)) return choice
    // An asynchronous policy is too late; its rejection would be nobody's.
    if (choice instanceof Promise) choice.catch(() => undefined)
    complaint = 'the policy did not return { victims: string[] }'
  } catch (error) {
    complaint = `the policy threw ${headlineOf(error)}`
  }
  notes.push(`${complaint}; 'priority-idle' was used`)
  return priorityIdle(candidates, trigger, need)
}

function isChoice(value: unknown): value is PolicyChoice {
  if (typeof value !== 'object' || value === null || !('victims' in value)) return false
  const kept: unknown = 'kept' in value ? value.kept : undefined
  return (
    Array.isArray(value.victims) &&
    value.victims.every((name) => typeof name === 'string') &&
    (kept === undefined || (Array.isArray(kept) && kept.every(isKept)))
  )
}

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'reason' in value &&
  typeof value.reason === 'string'
