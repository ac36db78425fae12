import { spawn } from 'node:child_process'

export interface ChildResult {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const sources = new URL('../../src/', import.meta.url).href
const fixtures = new URL('../fixtures/', import.meta.url).href

const prelude = `
import { pino } from 'pino'
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from '${sources}index.ts'
const silent = pino({ level: 'silent' })
const sink = (name, more) => ({ name, module: new URL('kitchen-sink.ts', '${fixtures}'), ...more })
`

export interface ChildOptions {
  readonly execArgv?: readonly string[]
  /** ms after which it is killed. Default 50,000. */
  readonly deadline?: number
}

/** Runs a module in a process of its own, with ComponentCoordinator, `silent`, `sleep` and `sink` at hand. */
export async function runChild(source: string, options?: ChildOptions): Promise<ChildResult> {
  return runModule(prelude + source, options)
}

/** Runs a module in a process of its own, with nothing at hand. */
export async function runModule(source: string, options: ChildOptions = {}): Promise<ChildResult> {
  const child = spawn(
    process.execPath,
    [...(options.execArgv ?? []), '--disable-warning=ExperimentalWarning', '-e', source],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: new URL('../..', import.meta.url),
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), options.deadline ?? 50_000)
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  child.once('close', (code, signal) => resolve({ code, signal }))
  const { code, signal } = await promise
  clearTimeout(timer)
  return { code, signal, stdout, stderr }
}
