import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectInteger, expectNumber, expectString } from '../base/option-checks.ts'

export interface DemoOptions {
  /** 'once': the finite run. 'live': the living demo. 'both': one after the other, for where nobody is there to stop it. */
  readonly mode: 'once' | 'live' | 'both'
  /** ms after the start of the process at which the living demo ends by itself; undefined: it goes on until it is told to stop. */
  readonly end: number | undefined
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

  Without options: on a terminal the living demo; elsewhere the finite run, then the living demo until 40 s are over.

  --serve          the living demo: a dashboard over trading services under load, until Ctrl-C
    --port <n>     where it listens, 8080; where that is taken, the next free port
    --seed <n>     of prices and load, 2026
    --speed <n>    how many times as fast the load rises and falls, 1
    --limit <n>    MiB that the process may take, 448
    --for <n>      seconds after which it ends by itself
  --once           the finite run: one service, loaded and unloaded, with figures
    --json         prints its facts as JSON
  --data <dir>     where the database of candles is kept, ./data
  --candles <n>    made-up candles in it, 3000000 (in the living demo's own at most 400000)
  --help
`

/** Seconds that take less than a minute altogether, however long the living demo needs to shut down. */
const unattended = 40
/** With so little time there would be nothing to see of a tide of two minutes. */
const unattendedSpeed = 5

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
      speed: { type: 'string' },
      limit: { type: 'string', default: '448' },
      for: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const once = values.once || values.json
  if (values.serve && once) throw new InvalidOptionsError('--serve', 'to be alone, without --once and --json', true)
  const mode = once ? 'once' : values.serve || isTerminal ? 'live' : 'both'
  const candles = Number(values.candles ?? 3_000_000)
  const seconds = values.for ?? (mode === 'both' ? unattended : undefined)
  return {
    mode,
    end: seconds === undefined ? undefined : expectNumber('--for', Number(seconds), { min: 1, max: 86_400 }) * 1_000,
    json: values.json,
    dataDirectory: expectString('--data', values.data),
    candles: expectInteger('--candles', candles, { min: 1_000, max: 20_000_000 }),
    port: expectInteger('--port', Number(values.port), { min: 0, max: 65_535 }),
    seed: expectInteger('--seed', Number(values.seed), { min: 0, max: 2 ** 32 - 1 }),
    speed: expectNumber('--speed', Number(values.speed ?? (mode === 'both' ? unattendedSpeed : 1)), {
      min: 0.1,
      max: 100,
    }),
    limit: expectInteger('--limit', Number(values.limit), { min: 64, max: 1024 ** 2 }),
  }
}
