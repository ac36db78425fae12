import type { AutomaticDecision, Choice, DecidingOption } from '../../contract/automatic-decision.ts'
import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { KeptReason, PolicyOption, UnloadPlan } from '../../contract/unload-policy.ts'
import type { Action, Overrun } from './action.ts'
import type { AccountSnapshot } from './snapshot.ts'

type UnloadAction = Extract<Action, { kind: 'unload' }>

/** What stays for these could have gone instead. */
const couldGo: ReadonlySet<KeptReason> = new Set(['enough', 'cap', 'price', 'fair-share', 'not-chosen'])

/** What an unload was decided by. @param load the component that it makes room for. */
export function explainUnload(
  action: UnloadAction,
  account: AccountSnapshot,
  level: PressureLevel,
  policy: PolicyOption,
  load: string | undefined,
): AutomaticDecision {
  const { name, reason, plan } = action
  const { growth, workGrowth } = account
  const family = reason === 'family' ? limitsOf(name, account) : undefined
  const known = { pressure: growth, admission: workGrowth, family: 0, 'free-memory': 0 }
  return {
    rule: reason,
    // Of a round, the level that it was planned for: critical that has passed is relieved as high.
    level: reason === 'pressure' && plan.trigger !== 'demand' ? plan.trigger : level,
    ...standing(account),
    growth: perSecond(known[reason]),
    need: Math.round(plan.need),
    load: load ?? null,
    option: family ? familyOption(family, plan, account) : null,
    family: family?.name ?? null,
    victims: plan.victims,
    choice: family ? choiceInFamily(action, family, account) : choiceAmongAll(action, account, policy),
    kept: plan.kept,
  }
}

/** What the end of a worker was decided by that has passed a limit. */
export function explainEnd(
  name: string,
  { which, limit, held, growth }: Overrun,
  account: AccountSnapshot,
  level: PressureLevel,
): AutomaticDecision {
  const option = { own: 'memoryLimit', family: 'maxMemory', total: 'totalLimit' } as const
  const bytes = account.components.find((each) => each.name === name)?.bytes ?? 0
  return {
    rule: 'memory-limit',
    level,
    ...standing(account),
    growth: perSecond(growth),
    need: Math.max(0, Math.round(held - limit)),
    load: null,
    option: { name: option[which], measured: Math.round(held), allowed: limit },
    family: (which === 'family' ? limitsOf(name, account)?.name : undefined) ?? null,
    victims: [{ name, bytes: Math.round(bytes) }],
    choice: which === 'own' ? 'due' : 'taken',
    kept: [],
  }
}

const standing = ({ usage, limit }: AccountSnapshot): Pick<AutomaticDecision, 'usage' | 'limit'> => ({
  usage: Math.round(usage),
  limit,
})

const perSecond = (growth: number): number => Math.round(Math.max(0, growth) * 1_000)

function choiceAmongAll({ name, plan }: UnloadAction, { components }: AccountSnapshot, policy: PolicyOption): Choice {
  const others = othersOf(name, plan)
  if (others.size === 0) return 'only'
  if (typeof policy === 'function') return 'policy'
  const priority = components.find((each) => each.name === name)?.candidate.priority ?? 0
  const isLeast = components.every((each) => !others.has(each.name) || each.candidate.priority < priority)
  if (isLeast) return 'priority'
  return policy === 'cost-aware' ? 'price' : 'idle'
}

function choiceInFamily({ name, request, plan }: UnloadAction, family: FamilyLimits, account: AccountSnapshot): Choice {
  if (othersOf(name, plan).size === 0) return 'only'
  if (request !== undefined || family.maxMemory === undefined) return 'idle'
  const bytes = account.components.find((each) => each.name === name)?.bytes ?? 0
  return bytes > family.maxMemory / (plan.victims.length + plan.kept.length) ? 'share' : 'idle'
}

function othersOf(name: string, { victims, kept }: UnloadPlan): Set<string> {
  const left = kept.filter(({ reason }) => couldGo.has(reason))
  return new Set([...victims, ...left].map((each) => each.name).filter((each) => each !== name))
}

const limitsOf = (name: string, { components }: AccountSnapshot): FamilyLimits | undefined =>
  components.find((each) => each.name === name)?.family

function familyOption(
  { maxMemory, maxLoaded }: FamilyLimits,
  plan: UnloadPlan,
  account: AccountSnapshot,
): DecidingOption {
  const members = new Set([...plan.victims, ...plan.kept].map(({ name }) => name))
  if (plan.need > 0 || maxLoaded === undefined) {
    const held = account.components.reduce((sum, { name, bytes }) => sum + (members.has(name) ? bytes : 0), 0)
    return { name: 'maxMemory', measured: Math.round(held), allowed: maxMemory ?? 0 }
  }
  return { name: 'maxLoaded', measured: members.size, allowed: maxLoaded }
}
