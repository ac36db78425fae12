import { planUnload } from '../decide/plan.ts'
import type { UnloadPlan } from '../decide/plan.ts'
import type { UnloadCandidate, UnloadPolicy } from '../decide/policy.ts'
import type { Unloaded } from './unloader.ts'

export interface FreeMemoryResult {
  readonly satisfied: boolean
  /** Bytes that the unloaded components were measured to hold. */
  readonly freed: number
  readonly shortfall: number
  /** Names, in the order they went. */
  readonly unloaded: readonly string[]
}

export interface FreeMemoryEffects {
  sample(): Promise<unknown>
  candidates(): readonly UnloadCandidate[]
  readonly policy: UnloadPolicy
  /** Undefined when it stays. */
  unload(name: string): Promise<Unloaded | undefined>
}

/**
 * Unloads one component after the other, as the policy says, until `bytes` were freed or nothing is left. Neither idle floors nor minimum
 * residencies count: somebody has asked.
 *
 * @throws the signal's reason when aborted; what was unloaded until then stays unloaded.
 */
export async function freeMemory(
  bytes: number,
  effects: FreeMemoryEffects,
  signal?: AbortSignal,
): Promise<FreeMemoryResult> {
  const unloaded: string[] = []
  const reports: Promise<unknown>[] = []
  const spared = new Set<string>()
  let freed = 0
  await effects.sample()
  while (freed < bytes) {
    signal?.throwIfAborted()
    const [victim] = planDemand(effects, spared, bytes - freed).victims
    if (!victim) break
    const result = await effects.unload(victim.name)
    // It got in use in the meantime, or could not be ended: nobody waits for it.
    spared.add(victim.name)
    if (!result) continue
    unloaded.push(victim.name)
    reports.push(result.reported)
    freed += result.bytes
  }
  if (unloaded.length > 0) {
    await Promise.all(reports)
    await effects.sample()
  }
  return { satisfied: freed >= bytes, freed, shortfall: Math.max(0, bytes - freed), unloaded }
}

function planDemand(effects: FreeMemoryEffects, spared: ReadonlySet<string>, need: number): UnloadPlan {
  const left = effects.candidates().filter(({ name }) => !spared.has(name))
  const regardless = left.map((candidate) => ({ ...candidate, minResidency: 0 }))
  return planUnload(effects.policy, regardless, 'demand', need)
}
