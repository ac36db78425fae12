import type { ComponentDefinition } from '../contract/component-definition.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectInteger, expectKnown, expectRecord } from '../base/option-checks.ts'

/** How many copies of a component there may be. */
export interface ResolvedInstances {
  /** Those that are there from the first use on, and stay; 0: none has to. */
  readonly min: number
  readonly max: number
  /** Calls that each takes at a time from one caller. */
  readonly concurrency: number
}

/** Guessed: more threads than any machine has use for are a mistake. */
const most = 1_000

/** @throws InvalidOptionsError */
export function resolveInstances({
  instances,
  hibernate,
}: Pick<ComponentDefinition, 'instances' | 'hibernate'>): ResolvedInstances {
  const given = typeof instances === 'number' ? { max: instances } : instances
  if (given === undefined) return { min: 0, max: 1, concurrency: Number.POSITIVE_INFINITY }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidOptionsError(
      'instances',
      `a whole number from 1 to ${most}, or { min, max, concurrency }`,
      instances,
    )
  }
  expectKnown(expectRecord('instances', given), ['min', 'max', 'concurrency'], 'instances.')
  const max = expectInteger(typeof instances === 'number' ? 'instances' : 'instances.max', given.max, {
    min: 1,
    max: most,
  })
  const min = given.min === undefined ? 0 : expectInteger('instances.min', given.min, { min: 1, max })
  const concurrency =
    given.concurrency === undefined
      ? max === 1
        ? Number.POSITIVE_INFINITY
        : 1
      : expectInteger('instances.concurrency', given.concurrency, { min: 1 })
  if (max > 1 && hibernate !== undefined) {
    throw new InvalidOptionsError(
      'instances',
      '1 where there is `hibernate`: several copies have no one state',
      instances,
    )
  }
  return { min, max, concurrency }
}
