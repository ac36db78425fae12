/** What may be done in a round. Parameters come from the seed alone, before the round begins; what is done with them depends on the moment. */
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface Action {
  readonly name: string
  readonly kind: 'operation' | 'fault' | 'bad input'
  /** How often it is chosen, beside the others. */
  readonly weight: number
  /** Chooses the parameters and returns what is to be done with them; it reports to the world, and rejects only if the test is at fault. */
  readonly plan: (random: Random) => (world: World) => void | Promise<void>
}

/** A list of actions as a table reads best: name, weight, and what they do. */
export const operation = (name: string, weight: number, plan: Action['plan']): Action => ({
  name,
  kind: 'operation',
  weight,
  plan,
})
export const fault = (name: string, weight: number, plan: Action['plan']): Action => ({
  name,
  kind: 'fault',
  weight,
  plan,
})
export const badInput = (name: string, weight: number, plan: Action['plan']): Action => ({
  name,
  kind: 'bad input',
  weight,
  plan,
})
