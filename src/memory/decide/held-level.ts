import type { PressureThresholds } from '../../contract/memory-options.ts'
import type { PressureLevel } from '../../contract/pressure-level.ts'
import { MEDIUM_DWELL } from '../tuning.ts'
import { noRelief } from './relief.ts'
import { initialPressure, thresholdOf } from './pressure.ts'
import type { PressureState } from './pressure.ts'
import type { AccountSnapshot } from './snapshot.ts'
import type { DecisionState } from './turn.ts'

/** For tests: pressure is taken to be at that level, whatever is used. */
export type HeldLevel = Exclude<PressureLevel, 'low'>

/** As if that much were used as it takes to be at that level, and whatever is unloaded were used at once by somebody else. What is used indeed counts where it is more. */
export function usedUpTo(level: HeldLevel, account: AccountSnapshot, thresholds: PressureThresholds): AccountSnapshot {
  const usage = Math.max(account.usage, Math.ceil(thresholdOf(level, thresholds) * account.limit))
  // What has to last otherwise has lasted: nobody is to wait for that.
  const components = account.components.map((each) => ({ ...each, busySince: Number.NEGATIVE_INFINITY }))
  return { ...account, usage, components, growth: usage > account.usage ? 0 : account.growth }
}

/** What was decided by a level that is held no more, or by another one, says nothing of the next: it begins anew. */
export function startOver({ overrun, relief }: DecisionState, time: number): DecisionState {
  return {
    overrun,
    relief: { ...noRelief, hasGivenUpSpares: relief.hasGivenUpSpares },
    pressure: initialPressure(time),
  }
}

/** Medium is reached once it has lasted, which nobody is to wait for. */
export function hasLasted(pressure: PressureState): PressureState {
  return pressure.level === 'low' ? { ...pressure, pendingSince: pressure.since - MEDIUM_DWELL } : pressure
}
