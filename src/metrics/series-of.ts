import type { ComponentInfo } from '../contract/component-info.ts'

/** How members of families are told apart: each by itself, or all of a family as one. */
export type FamilySeries = 'each' | 'one'

/** What a series is about. */
export type Subject = { readonly component: string } | { readonly family: string }

/** Which series a component is part of. */
export function subjectOf({ name, family }: Pick<ComponentInfo, 'name' | 'family'>, families: FamilySeries): Subject {
  return families === 'one' && family !== null ? { family } : { component: name }
}

/** The same text for the same series. */
export const keyOf = (subject: Subject): string =>
  'family' in subject ? `family ${subject.family}` : `component ${subject.component}`
