import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isAllWanted } from '../support/all-wanted.ts'

/** Where it begins: the same rounds each time, as far as real threads allow. `npm run soak` begins anywhere. */
const seed = 1

/** Two after which everything has been made that is made once, and one that is compared with those. */
const rounds = isAllWanted ? 10 : 3
/** No round begins later than that, however busy the machine is. */
const seconds = 120

describe('everything at once', () => {
  test(
    'every promise settles, nothing runs twice, nothing in use is unloaded, nothing is left behind',
    { timeout: 240_000 },
    async () => {
      const { code, output } = await soak([
        '--rounds',
        String(rounds),
        '--seconds',
        String(seconds),
        '--seed',
        String(seed),
      ])
      // The seed, what was done and what came of it, for whoever reads the log; all of it where it failed.
      const lines = output.trimEnd().split('\n')
      const told = lines.filter(
        (line, i) => /^(?:node v|faults|bad inputs|operations|heap)/.test(line) || i === lines.length - 1,
      )
      process.stdout.write(`${told.join('\n')}\n`)
      expect({ code, output }).toMatchObject({ code: 0, output: expect.not.stringContaining('FAILED') as string })
    },
  )
})

async function soak(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('soak.ts', import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  return { code, output }
}
