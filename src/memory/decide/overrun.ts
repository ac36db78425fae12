import {
  ANSWER_TIME,
  COLLECT_TIME,
  END_TIME,
  LONGEST_LOOK,
  NOTICEABLE,
  OVERRUN_PATIENCE,
  OWN_MARGIN,
  RETRY,
  TOTAL_MARGIN,
} from '../tuning.ts'
import type { Action } from './action.ts'
import { overfullFamilies } from './family-share.ts'
import type { OverfullFamily } from './family-share.ts'
import type { AccountSnapshot, ComponentSnapshot } from './snapshot.ts'

/** A limit, and who can be held to it. Bytes and ms. */
interface Budget {
  readonly which: 'own' | 'family' | 'total'
  readonly limit: number
  readonly held: number
  /** Of `held`, what goes or can go by itself. */
  readonly returning: number
  /** How far it may be passed at all, as a share of the limit. */
  readonly margin: number
  /** That is never to be passed, so it counts what will be, and not only what is. */
  readonly isStrict: boolean
  /** How long it may be passed at most by somebody who has collected his garbage. */
  readonly patience: number
  /** Nobody is to blame who has taken less. */
  readonly least: number
  readonly members: readonly Member[]
}

type NamedAction = Extract<Action, { kind: 'collect' | 'end' }>

interface Member {
  readonly component: ComponentSnapshot
  /** What it holds of this budget. */
  readonly held: number
  /** What it held when the limit was passed, as far as is known. */
  readonly before: number
}

/** What is remembered of a limit that is passed. */
export interface BudgetState {
  /** For how long, as far as this thread could look (ms). */
  readonly lasted: number
  readonly lookedAt: number
  /** By worker: what each held when it was first seen there, and when it was asked to collect its garbage. */
  readonly workers: ReadonlyMap<string, WorkerState>
}

interface WorkerState {
  readonly before: number
  readonly asked: { readonly at: number; readonly from: number } | undefined
}

/** By what is limited: '' for the total, a family's name behind what no name has in it, or the worker's key. Only limits that are passed. */
export type OverrunState = ReadonlyMap<string, BudgetState>

export const withinLimits: OverrunState = new Map()

export interface OverrunStep {
  readonly state: OverrunState
  readonly actions: readonly NamedAction[]
  /** ms after which it has to be looked at again, whatever happens. */
  readonly lookIn: number
}

/**
 * Who has to give memory back, or to be ended, because a limit is passed: a component's own, its family's, or the total. One rule for all.
 *
 * The one that took most since the limit was passed, and goes on to, is asked to drop what it can and to collect its garbage: from outside garbage looks like growth, and
 * V8 puts collections off for as long as it has room. If the limit is passed even then, it is ended: at once where it is its own or its family's, and where it is the total
 * after a time that is the shorter the nearer usage comes to what is intolerable. Where it would be past that before it could answer, it is ended
 * without being asked. Nobody is ended for the memory it holds, only for taking more when there is none; and what is idle goes first.
 *
 * @param reclaimable bytes that are idle and may be unloaded, asked for only when the total is passed; and their names.
 */
export function stepOverrun(
  state: OverrunState,
  account: AccountSnapshot,
  reclaimable: () => readonly { readonly name: string; readonly bytes: number }[],
): OverrunStep {
  const next = new Map<string, BudgetState>()
  const actions: NamedAction[] = []
  const step = (key: string, budget: Budget): void => {
    const result = stepBudget(state.get(key), budget, account.time)
    next.set(key, result.state)
    const { action } = result
    if (!action) return
    // One that is ended for the one limit need not be asked for the other.
    const other = actions.findIndex(({ name }) => name === action.name)
    if (other === -1) actions.push(action)
    else if (action.kind === 'end') actions[other] = action
  }
  for (const component of account.components) {
    const limit = component.memoryLimit ?? account.limit
    if (component.limited > limit) step(component.key, ownBudget(component, limit, account.limit))
  }
  for (const family of overfullFamilies(account))
    step(`\u0000${family.family.name}`, familyBudget(family, account.limit))
  if (account.usage > account.limit) step('', totalBudget(account, state.get(''), reclaimable()))
  // Somebody who is to blame has little time; where nobody is, it may take one that is new.
  const isBlamed = [...next.values()].some(({ workers }) => workers.size > 0)
  return { state: next, actions, lookIn: next.size === 0 ? Number.POSITIVE_INFINITY : isBlamed ? LONGEST_LOOK : RETRY }
}

function ownBudget(component: ComponentSnapshot, limit: number, total: number): Budget {
  const { limited: held } = component
  return {
    which: 'own',
    limit,
    held,
    returning: 0,
    margin: marginOf(limit, total),
    isStrict: false,
    patience: 0,
    least: 1,
    members: [{ component, held, before: limit }],
  }
}

/** Of those of it that are above their fair share. */
function familyBudget({ maxMemory: limit, held, idle, share, toBlame }: OverfullFamily, total: number): Budget {
  return {
    which: 'family',
    limit,
    held,
    returning: idle,
    margin: marginOf(limit, total),
    isStrict: false,
    patience: 0,
    least: 1,
    members: toBlame.map((component) => ({ component, held: component.limited, before: share })),
  }
}

const marginOf = (limit: number, total: number): number => Math.min(OWN_MARGIN, Math.max(0, total / limit - 1))

function totalBudget(
  account: AccountSnapshot,
  state: BudgetState | undefined,
  idle: readonly { readonly name: string; readonly bytes: number }[],
): Budget {
  const names = new Set(idle.map(({ name }) => name))
  const toBlame = account.components.filter(
    ({ name, phase, least }) => phase !== 'leaving' && !names.has(name) && least !== undefined,
  )
  return {
    which: 'total',
    limit: account.limit,
    held: account.usage,
    returning: account.leaving + idle.reduce((sum, { bytes }) => sum + bytes, 0),
    margin: TOTAL_MARGIN,
    isStrict: true,
    patience: OVERRUN_PATIENCE,
    least: account.limit * NOTICEABLE,
    members: toBlame.map((component) => {
      const first = state?.workers.get(component.key)?.before ?? component.least?.bytes ?? component.bytes
      return { component, held: component.bytes, before: Math.max(first, component.promised) }
    }),
  }
}

function stepBudget(
  state: BudgetState | undefined,
  budget: Budget,
  time: number,
): { readonly state: BudgetState; readonly action: NamedAction | undefined } {
  // In a longer gap this thread was blocked, and could do nothing about it.
  const lasted = state ? state.lasted + Math.min(time - state.lookedAt, RETRY) : 0
  const workers = new Map<string, WorkerState>()
  for (const { component, before } of budget.members) {
    workers.set(component.key, { before, asked: state?.workers.get(component.key)?.asked })
  }
  const result = { lasted, lookedAt: time, workers }
  const worst = mostToBlame(budget)
  if (!worst) return { state: result, action: undefined }

  const { component, held, before } = worst
  const { key, name } = component
  const known = workers.get(key)?.asked
  // What it had to give back then says little about what it has taken since.
  const asked = known && (component.collecting || time - known.at < COLLECT_TIME + RETRY) ? known : undefined
  const isSettled = asked && (component.collectedAt ?? 0) >= asked.at
  const growth = isSettled
    ? Math.max(0, component.bytes - asked.from) / Math.max(1, time - asked.at)
    : growthOf(component)
  const overrun = {
    which: budget.which,
    limit: budget.limit,
    held: budget.held,
    taken: Math.round(held - before),
    growth,
    lasted,
  }
  const end: NamedAction = { kind: 'end', name, overrun }

  const room = budget.limit * budget.margin
  const excess = budget.held - budget.limit
  const left = timeLeft(budget, room - excess, growth, component)
  const hasTaken = held - before >= budget.least
  // One that does not fill half of the margin while it is being ended can as well be asked.
  const isTooFast = !budget.isStrict || growth * END_TIME >= room / 2
  if (left <= 0 && isTooFast && hasTaken) return { state: result, action: end }
  if (excess <= budget.returning) return { state: result, action: undefined }
  if (!asked) {
    const patience = Math.max(END_TIME, Math.min(COLLECT_TIME, left))
    workers.set(key, { before, asked: { at: time, from: component.bytes } })
    return { state: result, action: { kind: 'collect', name, patience, overrun } }
  }
  if (component.collecting) return { state: result, action: undefined }
  const isOver = budget.patience === 0 || lasted >= budget.patience * (1 - (excess + growth * COLLECT_TIME) / room)
  return { state: result, action: isOver && hasTaken ? end : undefined }
}

/** ms until so much more (bytes) is taken that it is too late for questions. */
function timeLeft({ isStrict, returning }: Budget, rest: number, growth: number, one: ComponentSnapshot): number {
  if (!isStrict) return rest <= 0 && one.age < ANSWER_TIME ? 0 : Number.POSITIVE_INFINITY
  // One that needs more than anybody knew is soon done, and what is idle goes for it.
  if (one.phase === 'loading' && returning > 0) return Number.POSITIVE_INFINITY
  return growth > 0 ? rest / growth - END_TIME : Number.POSITIVE_INFINITY
}

/** The one that has taken most, or soon will have, if that is worth the name. */
function mostToBlame({ members, least }: Budget): Member | undefined {
  // A load has taken what is beyond its promise; that it grows says nothing about what it will take.
  const blame = ({ component, held, before }: Member): number =>
    held - before + (component.phase === 'loading' ? 0 : growthOf(component) * COLLECT_TIME)
  let worst: Member | undefined
  for (const member of members) if (!worst || blame(member) > blame(worst)) worst = member
  return worst && blame(worst) >= least ? worst : undefined
}

/** bytes/ms. Of a worker that has not answered for a while nothing is known: it may have given back since what it took. */
const growthOf = ({ growth, age }: ComponentSnapshot): number => (age < ANSWER_TIME ? growth : 0)
