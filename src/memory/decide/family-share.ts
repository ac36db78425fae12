import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { Kept, KeptReason, UnloadPlan } from '../../contract/unload-policy.ts'
import type { MemoryHolder } from './holders.ts'
import type { AccountSnapshot, ComponentSnapshot, LoadRequest } from './snapshot.ts'

/**
 * What a family may have together, and who of it goes when that is not enough: never one that keeps to its fair share for one that does not. The share of
 * those that want memory just now (in use, being loaded, or waiting to be) is `maxMemory` by their number; idle ones have what these leave them, the
 * last used longest. Where the family has grown, an idle one that holds more than `maxMemory` by the number of all that are loaded goes first.
 * Nobody else's memory counts, and nobody else goes for it; and nobody in use is ended for a load, only for having grown.
 */

export type FamilyDecision =
  | { readonly kind: 'fits' }
  /** Unload the plan's first victim, then ask again. */
  | { readonly kind: 'unload'; readonly plan: UnloadPlan }
  /** Ask again when something has become idle, or is gone. */
  | { readonly kind: 'wait'; readonly plan: UnloadPlan }
  /** It is more than the family may have. */
  | { readonly kind: 'refuse'; readonly plan: UnloadPlan }

/** An instance that has memory, or is promised some. */
interface Member {
  readonly name: string
  readonly bytes: number
  readonly phase: ComponentSnapshot['phase'] | 'let in'
  /** What of `candidate` keeps it from being unloaded. */
  readonly held: KeptReason | undefined
  readonly isBusy: boolean
  readonly idleTime: number
}

/** Whether the family has room for one more of it. */
export function decideFamilyLoad(request: LoadRequest, family: FamilyLimits, account: AccountSnapshot): FamilyDecision {
  const members = membersOf(family, account).filter(({ name }) => name !== request.name)
  const share = fairShare(family, account)
  const left = (gone: readonly Member[]): number => sum(members) - sum(gone) + request.need
  const need = Math.max(0, left([]) - (family.maxMemory ?? Number.POSITIVE_INFINITY))
  const isEnough = (gone: readonly Member[]): boolean =>
    left(gone) <= (family.maxMemory ?? Number.POSITIVE_INFINITY) &&
    members.length + 1 - gone.length <= (family.maxLoaded ?? Number.POSITIVE_INFINITY)

  if (isEnough([])) return { kind: 'fits' }
  const leaving = members.filter(({ phase }) => phase === 'leaving')
  const yielding = (member: Member): boolean => member.bytes > share || request.need <= share
  const victims: Member[] = []
  for (const member of longestIdle(members).filter(yielding)) {
    if (isEnough([...leaving, ...victims])) break
    victims.push(member)
  }
  // Where it would not fit even so, they stay: unloading them would help nobody.
  const isOfUse = isEnough([...leaving, ...victims])
  const plan = planOf(members, isOfUse ? victims : [], need, (member) => (yielding(member) ? 'enough' : 'fair-share'))
  if (request.need > (family.maxMemory ?? Number.POSITIVE_INFINITY)) return { kind: 'refuse', plan }
  return { kind: plan.victims.length > 0 ? 'unload' : 'wait', plan }
}

/** Whether a load may displace that component, for whatever want of memory. */
export function mayDisplace(request: LoadRequest, component: ComponentSnapshot, account: AccountSnapshot): boolean {
  const { family } = request
  if (!family || component.family !== family) return true
  const share = fairShare(family, account)
  return component.bytes > share || request.need <= share
}

/** Who goes first of a family that has grown beyond its limit; undefined where nobody can, or need not. */
export function planOverfull(family: FamilyLimits, account: AccountSnapshot): UnloadPlan | undefined {
  const { maxMemory } = family
  const members = membersOf(family, account).filter(({ phase }) => phase !== 'leaving' && phase !== 'let in')
  if (maxMemory === undefined || sum(members) <= maxMemory) return undefined
  const share = fairShare(family, account)
  const idle = longestIdle(members)
  const above = idle.filter(({ bytes }) => bytes > maxMemory / members.length)
  // Those at work that take more than their share give it back themselves, and the others stay: see `overfullFamilies`.
  const isTaken = members.some(({ isBusy, bytes }) => isBusy && bytes > share)
  const [victim] = above.length > 0 ? above : isTaken ? [] : idle
  return victim && planOf(members, [victim], sum(members) - maxMemory, () => 'enough')
}

/** A family whose instances hold more than it may have: those that are at work and above their share have to give back. */
export interface OverfullFamily {
  readonly family: FamilyLimits
  readonly maxMemory: number
  readonly share: number
  /** Heap and external memory of all. */
  readonly held: number
  /** The part of it that is idle and goes first. */
  readonly idle: number
  readonly toBlame: readonly ComponentSnapshot[]
}

export function overfullFamilies(account: AccountSnapshot): OverfullFamily[] {
  return familiesIn(account).flatMap((family): OverfullFamily[] => {
    const { maxMemory } = family
    const held = limitedOf(family, account)
    if (maxMemory === undefined || held <= maxMemory) return []
    const share = fairShare(family, account)
    const staying = stayingOf(family, account)
    const idle = staying
      .filter((component) => isUnloadable(component) && component.limited > maxMemory / staying.length)
      .reduce((all, { limited }) => all + limited, 0)
    const toBlame = staying.filter((component) => !isUnloadable(component) && component.limited > share)
    return [{ family, maxMemory, share, held, idle, toBlame }]
  })
}

/** The limited families of what has a worker, each once. */
export function familiesIn({ components }: AccountSnapshot): FamilyLimits[] {
  return [...new Set(components.flatMap(({ family }) => family ?? []))]
}

/** The family's members that hold its memory, for an error: the largest first. */
export function familyHolders(family: FamilyLimits, account: AccountSnapshot, { kept }: UnloadPlan): MemoryHolder[] {
  const reasons = new Map(kept.map(({ name, reason }) => [name, reason.replace('-', ' ')]))
  return membersOf(family, account)
    .map(({ name, bytes }) => ({ name, bytes, why: reasons.get(name) ?? 'idle' }))
    .toSorted((a, b) => b.bytes - a.bytes)
}

/** Bytes each of those that want memory may have, whatever the others do. */
function fairShare(family: FamilyLimits, account: AccountSnapshot): number {
  const { maxMemory } = family
  if (maxMemory === undefined) return Number.POSITIVE_INFINITY
  const wanting = new Set<string>()
  for (const { name, isBusy } of membersOf(family, account)) if (isBusy) wanting.add(name)
  for (const request of account.requests) {
    if (request.kind === 'load' && request.family === family) wanting.add(request.name)
  }
  return maxMemory / Math.max(1, wanting.size)
}

function membersOf(family: FamilyLimits, { components, letIn }: AccountSnapshot): Member[] {
  const withWorker = components
    .filter((component) => component.family === family)
    .map((component): Member => {
      const { name, bytes, promised, phase, candidate } = component
      return {
        name,
        // What it was let in for it may still fill.
        bytes: Math.max(bytes, promised),
        phase,
        held: reasonToStay(component),
        isBusy: phase === 'loading' || (phase === 'ready' && candidate.inUse),
        idleTime: candidate.idleTime,
      }
    })
  const promised = letIn
    .filter((each) => each.family === family)
    .map(({ name, bytes }): Member => {
      return { name, bytes, phase: 'let in', held: 'not-loaded', isBusy: true, idleTime: 0 }
    })
  return [...withWorker, ...promised]
}

const stayingOf = (family: FamilyLimits, { components }: AccountSnapshot): ComponentSnapshot[] =>
  components.filter((component) => component.family === family && component.phase !== 'leaving')

const limitedOf = (family: FamilyLimits, account: AccountSnapshot): number =>
  stayingOf(family, account).reduce((all, { limited }) => all + limited, 0)

const isUnloadable = (component: ComponentSnapshot): boolean => reasonToStay(component) === undefined

/** Priorities, idle floors and residencies are between families, not within one. */
function reasonToStay({ phase, candidate }: ComponentSnapshot): KeptReason | undefined {
  if (phase !== 'ready' || !candidate.loaded) return 'not-loaded'
  if (candidate.inUse) return 'in-use'
  if (candidate.pinned) return 'pinned'
  return candidate.dependents.length > 0 ? 'has-dependents' : undefined
}

function longestIdle(members: readonly Member[]): Member[] {
  return members
    .filter(({ held }) => held === undefined)
    .toSorted((a, b) => b.idleTime - a.idleTime || (a.name < b.name ? -1 : 1))
}

function planOf(
  members: readonly Member[],
  victims: readonly Member[],
  need: number,
  reasonOf: (member: Member) => KeptReason,
): UnloadPlan {
  const kept = members
    .filter((member) => !victims.includes(member))
    .map((member): Kept => ({ name: member.name, reason: member.held ?? reasonOf(member) }))
  const freed = sum(victims)
  return {
    trigger: 'demand',
    need,
    freed,
    victims: victims.map(({ name, bytes }) => ({ name, bytes })),
    kept,
    notes: [],
  }
}

const sum = (members: readonly Member[]): number => members.reduce((all, { bytes }) => all + bytes, 0)
