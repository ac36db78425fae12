/** What makes an owner the only one. Each can be left out, to see whether the simulation notices. */
export const rules = [
  /** A claim lasts from before it was asked for, not from when the answer came. */
  'counted from before',
  /** Each call is begun only after a look at the clock. */
  'looked at the clock',
  /** An answer that comes when the claim could be over is not believed. */
  'late answers are nothing',
  /** An entry of one's own is a claim only if it is one whose answer is still awaited. */
  'own entries are no claims',
  /** A claim is made where nothing is, by whoever is first. */
  'the first one has it',
  /** What was handed over may only be gone on with if it was refused. */
  'handed over for good',
  /** While it is handed over nothing is begun. */
  'suspended',
  /** What nobody has answered is not taken as done. */
  'unanswered is not done',
  /** The token is that of the claim, not of anything before. */
  'a token of its own',
] as const

export type Rule = (typeof rules)[number]
