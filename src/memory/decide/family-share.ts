import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { Kept, KeptReason, UnloadPlan } from '../../contract/unload-policy.ts'
import { reasonWords } from '../../words/reasons.ts'
import { RAPID_RELOAD } from '../tuning.ts'
import type { MemoryHolder } from './holders.ts'
import type { AccountSnapshot, ComponentSnapshot, LoadRequest } from './snapshot.ts'

/**
 * What a family may have together, and who of it goes when that is not enough: never one that keeps to its fair share for one that does not. The share of
 * those that want memory (in use, being loaded, waiting to be, or used within `WANTED_FOR`) is `maxMemory` by their number; those that have been idle for
 * longer have what these leave them, the last used longest. Where the family has grown, an idle one that holds more than its share goes first.
 * Nobody else's memory counts, and nobody else goes for it; and nobody in use is ended for a load, only for having grown.
 */

/**
 * How long (ms) after its last use an instance goes on wanting its share: a tenant that is called again and again is idle at most moments that one looks. Reused:
 * to unload what is wanted again within that time was a mistake, as with residencies.
 */
const WANTED_FOR = RAPID_RELOAD

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
  /** What it would reserve, were it loaded now: what loads are compared with, which reserve a peak as well. */
  readonly peak: number
  readonly phase: ComponentSnapshot['phase'] | 'let in'
  /** What of `candidate` keeps it from being unloaded. */
  readonly held: KeptReason | undefined
  /** It has a claim to its fair share. */
  readonly isWanted: boolean
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
  const yielding = (member: Member): boolean => yieldsTo(request, member, share)
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

/** Those that a load may displace, for whatever want of memory. */
export function displaceable(request: LoadRequest, account: AccountSnapshot): readonly ComponentSnapshot[] {
  const { family } = request
  if (family?.maxMemory === undefined) return account.components
  const share = fairShare(family, account)
  const staying = membersOf(family, account).filter((member) => !yieldsTo(request, member, share))
  const names = new Set(staying.map(({ name }) => name))
  return account.components.filter(({ name }) => !names.has(name))
}

/** ms until one that is idle now no longer has a claim to its share, so that more may be had by others. */
export function familyChangesIn(family: FamilyLimits, account: AccountSnapshot): number {
  if (family.maxMemory === undefined) return Number.POSITIVE_INFINITY
  const idle = membersOf(family, account).filter(({ held, isWanted }) => held === undefined && isWanted)
  return Math.min(...idle.map(({ idleTime }) => Math.max(1, WANTED_FOR - idleTime)))
}

/** Who goes first of a family that has grown beyond its limit; undefined where nobody can, or need not. */
export function planOverfull(family: FamilyLimits, account: AccountSnapshot): UnloadPlan | undefined {
  const { maxMemory } = family
  const members = membersOf(family, account).filter(({ phase }) => phase !== 'leaving' && phase !== 'let in')
  if (maxMemory === undefined || sum(members) <= maxMemory) return undefined
  const share = fairShare(family, account)
  const idle = longestIdle(members)
  const above = idle.filter(({ isWanted, bytes }) => bytes > (isWanted ? share : maxMemory / members.length))
  // Those at work that take more than their share give it back themselves, and those that keep to theirs stay: see `overfullFamilies`.
  const [victim] = [...above, ...idle.filter(({ isWanted }) => !isWanted)]
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
      .filter((component) => isUnloadable(component) && (!isWanted(component) || component.limited > share))
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
  const reasons = new Map(kept.map(({ name, reason }) => [name, reasonWords(reason)]))
  return membersOf(family, account)
    .map(({ name, bytes }) => ({ name, bytes, why: reasons.get(name) ?? 'idle' }))
    .toSorted((a, b) => b.bytes - a.bytes)
}

/** Bytes that each of those that want memory may have, whatever the others do. */
function fairShare(family: FamilyLimits, account: AccountSnapshot): number {
  const { maxMemory } = family
  if (maxMemory === undefined) return Number.POSITIVE_INFINITY
  const wanting = new Set<string>()
  for (const member of membersOf(family, account)) if (member.isWanted) wanting.add(member.name)
  for (const request of account.requests) {
    if (request.kind === 'load' && request.family === family) wanting.add(request.name)
  }
  return maxMemory / Math.max(1, wanting.size)
}

function membersOf(family: FamilyLimits, { components, letIn }: AccountSnapshot): Member[] {
  const withWorker = components
    .filter((component) => component.family === family)
    .map((component): Member => {
      const { name, bytes, peak, promised, phase, candidate } = component
      return {
        name,
        // What it was let in for it may still fill.
        bytes: Math.max(bytes, promised),
        peak: Math.max(peak, promised),
        phase,
        held: reasonToStay(component),
        isWanted: isWanted(component),
        idleTime: candidate.idleTime,
      }
    })
  const promised = letIn
    .filter((each) => each.family === family)
    .map(({ name, bytes }): Member => {
      return { name, bytes, peak: bytes, phase: 'let in', held: 'not-loaded', isWanted: true, idleTime: 0 }
    })
  return [...withWorker, ...promised]
}

const stayingOf = (family: FamilyLimits, { components }: AccountSnapshot): ComponentSnapshot[] =>
  components.filter((component) => component.family === family && component.phase !== 'leaving')

const limitedOf = (family: FamilyLimits, account: AccountSnapshot): number =>
  stayingOf(family, account).reduce((all, { limited }) => all + limited, 0)

/**
 * One above its share, or that nobody has used for long, has to make room for whomever; the others only for one that keeps to its own. Peaks are compared with
 * peaks, and one of unknown size is taken to be like the others: else the last of a number of equals would never be let in.
 */
const yieldsTo = ({ need, mayNeed }: LoadRequest, { isWanted, peak }: Member, share: number): boolean =>
  !isWanted || peak > share || need <= share || mayNeed > need

/** What cannot be unloaded holds its memory for somebody. */
const isWanted = (component: ComponentSnapshot): boolean =>
  component.phase !== 'leaving' && (!isUnloadable(component) || component.candidate.idleTime < WANTED_FOR)

const isUnloadable = (component: ComponentSnapshot): boolean => reasonToStay(component) === undefined

/** Priorities, idle floors and residencies are between families, not within one. */
function reasonToStay({ phase, candidate }: ComponentSnapshot): KeptReason | undefined {
  if (phase !== 'ready' || !candidate.loaded) return 'not-loaded'
  if (candidate.stuck === true) return 'stuck'
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
