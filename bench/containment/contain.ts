import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Pattern } from '../../test/fixtures/allocation-patterns.ts'

/** What the process that ran it tells: bytes over its base, ms. */
export interface Told {
  /** A reason for which the worker was ended, or why not. */
  readonly end: string
  /** The worker took longer than 2 s to die. */
  readonly late: boolean
  /** From the first allocation to the end. */
  readonly time: number
  readonly peak: number
  /** The longest the event loop of the main thread had no turn; and the longest it had none because the thread was at work. */
  readonly stall: number
  readonly busyStall: number
}

export type Mode = 'spillway' | 'limits'
export type Outcome = ({ readonly host: 'alive' } & Told) | { readonly host: 'dead' | 'stuck'; readonly how: string }

const script = fileURLToPath(new URL('run.ts', import.meta.url))

/**
 * Has a worker allocate without end, in a process of its own.
 *
 * @param node which Node.
 * @param deadline ms after which the process counts as stuck.
 */
export async function contain(
  mode: Mode,
  pattern: Pattern,
  node: string = process.execPath,
  deadline = 60_000,
): Promise<Outcome> {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, mode, pattern], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  let stuck = false
  const timer = setTimeout(() => {
    stuck = true
    child.kill('SIGKILL')
  }, deadline)
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  const how = await promise
  clearTimeout(timer)
  if (stuck) return { host: 'stuck', how: output || errors.slice(0, 500) }
  if (output.includes('{')) return { host: 'alive', ...(JSON.parse(output) as Told) }
  return { host: 'dead', how: `${how}: ${/FATAL ERROR: (.*)/.exec(errors)?.[1] ?? errors.slice(0, 300)}` }
}
