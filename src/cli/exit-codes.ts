/** What the command ends with. */
export const exitCodes = {
  ok: 0,
  /** It could not be done: there is no such program or component, it said no, or ended meanwhile. */
  failed: 1,
  /** The command was given in a way that means nothing. */
  usage: 2,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What ends the command with a message and nothing else. */
export class CliError extends Error {
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}
