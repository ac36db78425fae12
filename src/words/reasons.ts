import type { ExtraWorker } from '../contract/ledger.ts'
import type { KeptReason } from '../contract/unload-policy.ts'

/** Why a component stays, as people read it: `"a" stays: ...`. */
const words: Readonly<Record<KeptReason, string>> = {
  'in-use': 'in use',
  stuck: 'stuck',
  pinned: 'pinned',
  protected: 'protected by its priority',
  'has-dependents': 'others need it',
  'min-idle': 'not idle long enough',
  residency: 'was reloaded too soon before',
  price: 'worth more than its room',
  'low-pressure': 'pressure is low',
  cap: 'the round is full',
  enough: 'others free enough',
  'fair-share': 'keeps to its share of the family',
  'not-chosen': 'the policy leaves it',
  'not-loaded': 'not loaded',
}

/** The same of workers that are no component's current one. */
export const extraWords: Readonly<Record<ExtraWorker['kind'], string>> = {
  spare: 'ready for the next load',
  ending: 'its worker is ending',
  zombie: 'its worker did not die',
}

export const reasonWords = (reason: KeptReason): string => words[reason]
