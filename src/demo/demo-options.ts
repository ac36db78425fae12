import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { expectInteger, expectString } from '../options.ts'

export interface DemoOptions {
  /** Prints the facts as JSON instead of lines for people. */
  readonly json: boolean
  /** Where the database is kept. */
  readonly dataDirectory: string
  /** How many made-up candles there are to be. */
  readonly candles: number
}

/** @throws InvalidOptionsError, and TypeError for an argument that is not known. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      data: { type: 'string', default: join(process.cwd(), 'data') },
      candles: { type: 'string', default: '3000000' },
    },
  })
  return {
    json: values.json,
    dataDirectory: expectString('--data', values.data),
    candles: expectInteger('--candles', Number(values.candles), { min: 1_000, max: 20_000_000 }),
  }
}
