import type { MemoryOptions } from '../../contract/memory-options.ts'
import { LONGEST_LOOK } from '../tuning.ts'
import type { Action } from './action.ts'
import { decideAdmission } from './admission.ts'
import { decideFamilyLoad, displaceable, familyChangesIn, familyHolders } from './family-share.ts'
import { holdersOf } from './holders.ts'
import type { UnloadCandidate, UnloadPolicy } from '../../contract/unload-policy.ts'
import { planUnload } from './plan.ts'
import { candidatesIn, isFresh } from './snapshot.ts'
import type { AccountSnapshot, FreeRequest, LetIn, LoadRequest } from './snapshot.ts'

export interface RequestsStep {
  readonly actions: readonly Action[]
  /** Somebody could be helped if figures were taken anew. */
  readonly measure: boolean
  /** ms after which it has to be looked at again, whatever happens. */
  readonly lookIn: number
}

/**
 * Goes through those who want memory, first come, first served; one that has to wait lets others that fit go first. Each that is let in counts for
 * those after it, so no two loads count on the same bytes. One component is unloaded at a time, for whomever.
 */
export function stepRequests(account: AccountSnapshot, options: MemoryOptions, policy: UnloadPolicy): RequestsStep {
  const actions: Action[] = []
  const letIn: LetIn[] = [...account.letIn]
  let [measure, lookIn, promised, possible, unloads] = [false, Number.POSITIVE_INFINITY, 0, 0, account.unloading]
  const unload = (action: Extract<Action, { kind: 'unload' }>): void => {
    unloads = true
    actions.push(action)
  }
  for (const request of account.requests) {
    if (request.kind === 'free') {
      if (unloads) continue
      if (!isFresh(account)) measure = true
      else {
        const action = freeStep(request, account, policy)
        if (action.kind === 'unload') unload(action)
        else actions.push(action)
      }
      continue
    }
    const now = { ...account, letIn }
    const sums = { usage: account.usage + promised, possible: account.possible + possible }
    const left = request.timeout - (account.time - request.since)
    const isLate = left <= 0
    if (!isLate) lookIn = Math.min(lookIn, Math.max(1, left))
    if (!isLate && isTooOldFor(request, { ...account, ...sums }, options)) {
      measure = true
      continue
    }
    const { family } = request
    // Until it is let in: then it is not looked at again.
    if (family && !isLate) lookIn = Math.min(lookIn, familyChangesIn(family, now))
    const inFamily = family ? decideFamilyLoad(request, family, now) : undefined
    if (family && inFamily && inFamily.kind !== 'fits') {
      const { kind, plan } = inFamily
      const [victim] = plan.victims
      if (kind === 'refuse' || isLate) {
        actions.push({ kind: 'refuse', request: request.id, family, holders: familyHolders(family, now, plan) })
      } else if (family.maxMemory !== undefined && !isFresh(account)) measure = true
      else if (victim && !unloads)
        unload({ kind: 'unload', name: victim.name, reason: 'family', request: request.id, plan })
      continue
    }
    const decision = decideAdmission(request, account.time, {
      ...sums,
      limit: account.limit,
      workGrowth: account.workGrowth,
      leaving: account.leaving,
      highThreshold: options.highThreshold,
      criticalThreshold: options.criticalThreshold,
      candidates: options.autoUnloadEnabled ? candidatesFor(request, now) : [],
      policy,
    })
    switch (decision.kind) {
      case 'admit':
        promised += request.need
        possible += request.mayNeed - request.need
        if (family) letIn.push({ name: request.name, family, bytes: request.need })
        actions.push({ kind: 'admit', request: request.id })
        break
      case 'unload': {
        const [victim] = decision.plan.victims
        if (unloads || !victim) break
        unload({
          kind: 'unload',
          name: victim.name,
          reason: 'admission',
          request: request.id,
          plan: decision.plan,
        })
        break
      }
      case 'wait':
        lookIn = Math.min(lookIn, decision.ms)
        break
      case 'refuse':
        actions.push({ kind: 'refuse', request: request.id, holders: holdersOf(account, policy, request.need) })
        break
    }
  }
  return { actions, measure, lookIn }
}

const candidatesFor = (request: LoadRequest, account: AccountSnapshot): UnloadCandidate[] =>
  candidatesIn({ ...account, components: displaceable(request, account) })

/** Where memory is tight, a load is decided by figures of now. */
function isTooOldFor(request: LoadRequest, account: AccountSnapshot, { lowThreshold }: MemoryOptions): boolean {
  const isTight = account.usage + request.mayNeed > account.limit * lowThreshold
  // A sample that was taken for it will do, however long that took.
  const isOld = account.sampledAt < request.since && account.time - account.sampledAt > LONGEST_LOOK
  return isTight && (!isFresh(account) || isOld)
}

/** The next one to go: neither idle floors nor minimum residencies count, as somebody has asked. */
function freeStep(
  request: FreeRequest,
  account: AccountSnapshot,
  policy: UnloadPolicy,
): Action & { kind: 'unload' | 'settle' } {
  const left = candidatesIn(account).filter(({ name }) => !request.asked.has(name))
  const regardless = left.map((candidate) => ({ ...candidate, minResidency: 0 }))
  const plan = planUnload(policy, regardless, 'demand', Math.max(0, request.missing))
  const [victim] = plan.victims
  if (!victim) return { kind: 'settle', request: request.id }
  return { kind: 'unload', name: victim.name, reason: 'free-memory', request: request.id, plan }
}
