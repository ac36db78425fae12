import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InvalidOptionsError } from '../errors.ts'
import { expectInteger, expectNumber, expectString } from '../options.ts'

export interface DemoOptions {
  /** 'once' ends by itself; 'live' goes on until it is told to stop. */
  readonly mode: 'once' | 'live'
  /** Prints the facts as JSON instead of lines for people. */
  readonly json: boolean
  /** Where the database is kept. */
  readonly dataDirectory: string
  /** How many made-up candles there are to be. */
  readonly candles: number
  /** Where the dashboard listens; where it is taken, the next. 0: any. */
  readonly port: number
  /** Of prices and load. */
  readonly seed: number
  /** How many times as fast as usual the load rises and falls, and everything is asked for. */
  readonly speed: number
  /** MiB that the process may take. */
  readonly limit: number
}

export const usage = `npm start -- [options]

  Without options: on a terminal the living demo, elsewhere the finite run.

  --serve          the living demo: a dashboard over trading services under load, until Ctrl-C
    --port <n>     where it listens, 8080; where that is taken, the next free port
    --seed <n>     of prices and load, 2026
    --speed <n>    how many times as fast the load rises and falls, 1
    --limit <n>    MiB that the process may take, 448
  --once           the finite run: one service, loaded and unloaded, with figures
    --json         prints its facts as JSON
  --data <dir>     where the database of candles is kept, ./data
  --candles <n>    made-up candles in it, 3000000 (living demo: 400000)
  --help
`

/**
 * @param isTerminal whether there is somebody to watch and to stop the living demo.
 * @returns undefined when only the usage was asked for.
 * @throws InvalidOptionsError, and TypeError for an argument that is not known.
 */
export function parseDemoOptions(args: readonly string[], isTerminal: boolean): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      serve: { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      data: { type: 'string', default: join(process.cwd(), 'data') },
      candles: { type: 'string' },
      port: { type: 'string', default: '8080' },
      seed: { type: 'string', default: '2026' },
      speed: { type: 'string', default: '1' },
      limit: { type: 'string', default: '448' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const once = values.once || values.json
  if (values.serve && once) throw new InvalidOptionsError('--serve', 'to be alone, without --once and --json', true)
  const mode = values.serve || (isTerminal && !once) ? 'live' : 'once'
  const candles = Number(values.candles ?? (mode === 'live' ? 400_000 : 3_000_000))
  return {
    mode,
    json: values.json,
    dataDirectory: expectString('--data', values.data),
    candles: expectInteger('--candles', candles, { min: 1_000, max: 20_000_000 }),
    port: expectInteger('--port', Number(values.port), { min: 0, max: 65_535 }),
    seed: expectInteger('--seed', Number(values.seed), { min: 0, max: 2 ** 32 - 1 }),
    speed: expectNumber('--speed', Number(values.speed), { min: 0.1, max: 100 }),
    limit: expectInteger('--limit', Number(values.limit), { min: 64, max: 1024 ** 2 }),
  }
}
