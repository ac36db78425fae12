import type { Logger } from '../contract/logger.ts'

/** A line as it was given to the program's logger. */
export interface TappedLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  /** The logger that it was given to: serializers and redaction are its. */
  readonly logger: Logger
  /** What all lines of that logger carry by Spillway's doing: `component` and `generation` for one. Later ones are stronger. */
  readonly bindings: readonly object[]
  /** As pino's methods take it. */
  readonly line: readonly unknown[]
}

/** Where whoever reads along is told of lines. Nothing is made of a line while nobody does. */
export class LogTap {
  listener: ((line: TappedLine) => void) | undefined
}
