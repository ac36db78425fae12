import type { UnloadPlan } from '../decide/plan.ts'

/** What a round works with. All bytes. */
export interface RoundEffects {
  /** Measures everything anew. */
  sample(): Promise<unknown>
  /** How much would have to go now; 0: enough. */
  need(): number
  plan(need: number): UnloadPlan
  /** Unloads one component if it is idle; false when it was not after all. */
  unload(name: string): Promise<boolean>
}

export interface RoundResult {
  /** The plan that was followed. */
  readonly plan: UnloadPlan
  /** Names, in the order they went. */
  readonly unloaded: readonly string[]
  /** What the round could not free, as measured after it. */
  readonly missing: number
}

/**
 * One round of unloading: choose, then unload one by one and measure after each, until enough is free. What went is measured, not estimated,
 * so a round never frees more than one victim beyond its target.
 *
 * @returns undefined when there was no need for it.
 */
export async function unloadRound(effects: RoundEffects): Promise<RoundResult | undefined> {
  if (effects.need() <= 0) return undefined
  const unloaded: string[] = []
  const stayed = new Set<string>()
  for (;;) {
    const plan = effects.plan(effects.need())
    const { victims } = plan
    // What stayed and would be chosen again only had no time to go yet: nothing goes in its place.
    const waits = victims.some(({ name }) => stayed.has(name))
    for (const { name } of waits ? [] : victims) {
      if (effects.need() <= 0) break
      if (await effects.unload(name)) unloaded.push(name)
      else stayed.add(name)
      await effects.sample()
    }
    // When all of them stayed, and are known to be in use or impossible to keep by now, something else may go.
    if (unloaded.length > 0 || waits || victims.length === 0 || effects.need() <= 0) {
      return { plan, unloaded, missing: Math.max(0, effects.need()) }
    }
  }
}
