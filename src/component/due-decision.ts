import type { AutomaticDecision, DecidingOption } from '../contract/automatic-decision.ts'
import type { Supervisor } from './supervisor.ts'

/** What a component goes by that has been idle for as long as its `idleTimeout` says. */
export const idleDecision = (copy: Supervisor): AutomaticDecision =>
  due(copy, 'idle', {
    name: 'idleTimeout',
    measured: Math.round(copy.idleTime),
    allowed: copy.definition.idleTimeout ?? 0,
  })

/** What a generation is replaced by whose time is up, as `recycle` says; null: it is not, and somebody has asked for it. */
export function recyclingDecision(copy: Supervisor): AutomaticDecision | null {
  const { definition, generation, state, surroundings, isSpent } = copy
  const { calls, age, memory } = definition.recycle ?? {}
  const since = surroundings.now() - state.since
  const { held } = surroundings.standing()
  if (calls !== undefined && isSpent && generation)
    return due(copy, 'recycled', { name: 'recycle.calls', measured: generation.activity.calls, allowed: calls })
  if (memory !== undefined && held >= memory)
    return due(copy, 'recycled', { name: 'recycle.memory', measured: held, allowed: memory })
  if (age !== undefined && since >= age)
    return due(copy, 'recycled', { name: 'recycle.age', measured: Math.round(since), allowed: age })
  return null
}

function due({ name, surroundings }: Supervisor, rule: 'idle' | 'recycled', option: DecidingOption): AutomaticDecision {
  const { level, usage, limit, held } = surroundings.standing()
  const victims = [{ name, bytes: held }]
  const nothing = { growth: 0, need: 0, load: null, family: null, kept: [] }
  return { rule, level, usage, limit, option, victims, choice: 'due', ...nothing }
}
