import type { PressureLevel } from '../component/define.ts'
import type { UnloadReason } from '../component/lifecycle.ts'
import type { UnloadReport } from '../component/unload.ts'
import type { UnloadPlan } from './unload-plan.ts'

/** What a round works with. All bytes. */
export interface RoundEffects {
  /** Asks loaded components to drop what they can. */
  trim(level: PressureLevel): Promise<void>
  /** Measures everything anew. */
  sample(): Promise<void>
  /** How much would have to go now; 0: enough. */
  need(): number
  plan(need: number): UnloadPlan
  /** Unloads one component if it is idle; undefined when it was not after all. */
  unload(name: string, reason: UnloadReason): Promise<UnloadReport | undefined>
}

export interface RoundResult {
  /** The plan that was followed; undefined when trimming was enough. */
  readonly plan: UnloadPlan | undefined
  readonly unloaded: readonly UnloadReport[]
  /** What the round could not free, as measured after it. */
  readonly missing: number
}

/**
 * One round of unloading: trim, measure, choose, then unload one by one and measure after each, until enough is free. What went is measured,
 * not estimated, so a round never frees more than one victim beyond its target.
 */
export async function unloadRound(
  effects: RoundEffects,
  reason: UnloadReason,
  trimAt: PressureLevel | undefined,
): Promise<RoundResult> {
  if (trimAt) {
    await effects.trim(trimAt)
    await effects.sample()
  }
  const need = effects.need()
  if (need <= 0) return { plan: undefined, unloaded: [], missing: 0 }
  const plan = effects.plan(need)
  const unloaded: UnloadReport[] = []
  for (const { name } of plan.victims) {
    if (effects.need() <= 0) break
    const report = await effects.unload(name, reason)
    if (report) unloaded.push(report)
    await effects.sample()
  }
  return { plan, unloaded, missing: Math.max(0, effects.need()) }
}
