import type { MemoryOptions } from '../../contract/memory-options.ts'
import type { Action } from './action.ts'
import { familiesIn, planOverfull } from './family-share.ts'
import { stepOverrun, withinLimits } from './overrun.ts'
import type { OverrunState } from './overrun.ts'
import { planUnload } from './plan.ts'
import { policyOf } from './policy-registry.ts'
import { initialPressure, stepPressure } from './pressure.ts'
import type { PressureState } from './pressure.ts'
import { noRelief, stepRelief } from './relief.ts'
import type { ReliefState } from './relief.ts'
import { stepRequests } from './requests.ts'
import { candidatesIn, isFresh } from './snapshot.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** What a decision needs to know of those before it. */
export interface DecisionState {
  readonly pressure: PressureState
  readonly overrun: OverrunState
  readonly relief: ReliefState
}

/** @param time ms of the monotonic clock. */
export const initialDecisions = (time: number): DecisionState => ({
  pressure: initialPressure(time),
  overrun: withinLimits,
  relief: noRelief,
})

export interface Decision {
  readonly state: DecisionState
  /** To be begun in this order. */
  readonly actions: readonly Action[]
  /** Nothing more can be decided before figures are taken anew. */
  readonly measure: boolean
  /** ms after which it has to be looked at again, whatever the growth. */
  readonly lookIn: number
}

/**
 * The one decision about memory: how high the pressure is, who has to give back what he took beyond a limit, who is let in, and who goes. Pure: the same
 * account gives the same answer. What is under way is in the account, so it may be asked as often as one likes.
 */
export function decide(state: DecisionState, account: AccountSnapshot, options: MemoryOptions): Decision {
  const policy = policyOf(options.policy)
  const pressure = stepPressure(state.pressure, account, options)
  const overrun = stepOverrun(state.overrun, account, () =>
    options.autoUnloadEnabled
      ? planUnload(policy, candidatesIn(account), 'critical', Number.POSITIVE_INFINITY).victims
      : [],
  )
  // What is ended is as good as gone for those after it.
  const ended = new Set(overrun.actions.flatMap(({ kind, name }) => (kind === 'end' ? [name] : [])))
  const rest = withoutEnded(account, ended)
  const families = stepFamilies(rest)
  const unloading = rest.unloading || families.actions.length > 0
  const requests = stepRequests({ ...rest, unloading }, options, policy)
  const unloads = families.actions.length > 0 || requests.actions.some(({ kind }) => kind === 'unload')
  const relief = stepRelief(state.relief, pressure, rest, options, policy, unloads)
  return {
    state: { pressure, overrun: overrun.state, relief: relief.state },
    actions: [...overrun.actions, ...families.actions, ...requests.actions, ...relief.actions],
    measure: families.measure || requests.measure || relief.measure,
    lookIn: Math.min(overrun.lookIn, requests.lookIn, relief.lookIn),
  }
}

/** Families that have grown beyond what they may have: whatever `autoUnloadEnabled` says, as their own users have asked for it. */
function stepFamilies(account: AccountSnapshot): { readonly actions: readonly Action[]; readonly measure: boolean } {
  for (const family of familiesIn(account)) {
    const plan = planOverfull(family, account)
    const [victim] = plan?.victims ?? []
    if (!plan || !victim || account.unloading) continue
    if (!isFresh(account)) return { actions: [], measure: true }
    return {
      actions: [{ kind: 'unload', name: victim.name, reason: 'family', request: undefined, plan }],
      measure: false,
    }
  }
  return { actions: [], measure: false }
}

function withoutEnded(account: AccountSnapshot, ended: ReadonlySet<string>): AccountSnapshot {
  if (ended.size === 0) return account
  const components = account.components.filter(({ name }) => !ended.has(name))
  const bytes = (all: AccountSnapshot['components']): number => all.reduce((sum, each) => sum + each.bytes, 0)
  return { ...account, components, leaving: account.leaving + bytes(account.components) - bytes(components) }
}
