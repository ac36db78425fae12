import { parseArgs } from 'node:util'
import { expectInteger, expectNumber } from '../../base/option-checks.ts'

export interface ClusterDemoOptions {
  /** ms after which it ends. */
  readonly duration: number
  /** Where the dashboard listens; where it is taken, the next. 0: any. */
  readonly port: number
}

export const usage = `npm run demo:cluster -- [options]

  Three hosts on this machine, with a nats-server between them, under load; one is killed. What came of it is printed, and shown on a dashboard.

  --seconds <n>   after which it ends, 60
  --port <n>      where the dashboard listens, 8080; where that is taken, the next free port
  --help
`

/**
 * @returns undefined when only the usage was asked for.
 * @throws InvalidOptionsError, and TypeError for an argument that is not known.
 */
export function parseClusterDemoOptions(args: readonly string[]): ClusterDemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      port: { type: 'string', default: '8080' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    // With less there would be no time for the keys of the one that is killed to come back.
    duration: 1_000 * expectNumber('--seconds', Number(values.seconds), { min: 15, max: 86_400 }),
    port: expectInteger('--port', Number(values.port), { min: 0, max: 65_535 }),
  }
}
