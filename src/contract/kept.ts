/**
 * Why a component stays. 'protected': its priority is 10 or less and pressure is not critical. 'residency': it was
 * reloaded too soon after an unload before. 'price': loading it again would cost more than its room is worth while
 * pressure is not critical. 'enough': those before it free what is needed. 'cap': the round takes no
 * more at this level. 'not-chosen': a policy of the user's own left it out.
 */
export type KeptReason =
  | 'not-loaded'
  | 'in-use'
  | 'pinned'
  | 'protected'
  | 'has-dependents'
  | 'min-idle'
  | 'residency'
  | 'price'
  | 'low-pressure'
  | 'cap'
  | 'enough'
  | 'not-chosen'

export interface Kept {
  readonly name: string
  readonly reason: KeptReason
}
