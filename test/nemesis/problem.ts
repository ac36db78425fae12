/** What is wrong, in the words of this test. */
export type ProblemKind =
  | 'wrong answer'
  | 'unexpected error'
  | 'late'
  | 'never settled'
  | 'executions'
  | 'unloaded in use'
  | 'innocent ended'
  | 'left behind'
  | 'unhandled'
  | 'process ended'
  | 'the test itself'

export interface Problem {
  readonly kind: ProblemKind
  readonly text: string
}
