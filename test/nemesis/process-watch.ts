/** Rejections, errors and warnings that reach the process: there must be none. */
import type { Problem } from './problem.ts'
import { codeOf, describeReason } from './expected-errors.ts'

export function watchProcess(report: (problem: Problem) => void): void {
  const tell =
    (what: string) =>
    (reason: unknown): void => {
      const stack = reason instanceof Error ? `\n${String(reason.stack)}` : ''
      report({ kind: 'unhandled', text: `${what}: ${describeReason(reason)}${stack}` })
    }
  process.on('unhandledRejection', tell('unhandled rejection'))
  process.on('uncaughtException', tell('uncaught exception'))
  process.on('warning', (warning) => {
    // Of Node's own experimental modules, which this test uses as well; and what a logger that throws does not write.
    if (warning.name === 'ExperimentalWarning' || codeOf(warning) === 'SPILLWAY_LOG_FAILED') return
    tell('warning')(warning)
  })
}
