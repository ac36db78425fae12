/** What a round does, from its seed alone. */
import type { Action } from './actions.ts'
import { Random } from './random.ts'
import { chooseRoster } from './roster.ts'
import type { Roster } from './roster.ts'

export interface Step {
  readonly action: Action
  readonly run: ReturnType<Action['plan']>
  /** ms until the next one begins. */
  readonly pause: number
}

export interface Schedule {
  readonly roster: Roster
  readonly steps: readonly Step[]
  /** The step at which everything is shut down; undefined: when all is done. */
  readonly shutdownAt: number | undefined
}

/** Steps of a round: enough for a few seconds. */
const steps = { least: 40, most: 120 }

export function schedule(seed: number, actions: readonly Action[]): Schedule {
  const random = new Random(seed)
  const roster = chooseRoster(random)
  const length = random.int(steps.least, steps.most)
  const pauses = random.pick([() => 0, () => random.int(0, 30), () => (random.chance(0.8) ? 0 : random.int(50, 250))])
  return {
    roster,
    shutdownAt: random.chance(0.25) ? random.int(Math.floor(length / 3), length - 1) : undefined,
    steps: Array.from({ length }, () => {
      const action = random.weighted(actions)
      return { action, run: action.plan(random), pause: pauses() }
    }),
  }
}
