import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type * as scenarios from './scenarios.ts'

type Scenarios = typeof scenarios
export type ScenarioName = keyof Scenarios
type Options<N extends ScenarioName> = Parameters<Scenarios[N]> extends [infer O] ? O : undefined
type Result<N extends ScenarioName> = Awaited<ReturnType<Scenarios[N]>>

const script = fileURLToPath(new URL('run.ts', import.meta.url))

/** More would only take the processors from each other. */
const atATime = 2
let running = 0
const waiting: (() => void)[] = []

/**
 * Runs a scenario in a process of its own, at most two at a time.
 *
 * @param node which Node; `execArgv` its options.
 * @throws Error with what it printed when it fails, or takes longer than `deadline` ms.
 */
export async function runScenario<N extends ScenarioName>(
  name: N,
  options: Options<N>,
  {
    node = process.execPath,
    execArgv = [],
    deadline = 180_000,
  }: { readonly node?: string; readonly execArgv?: readonly string[]; readonly deadline?: number } = {},
): Promise<Result<N>> {
  if (running >= atATime) await new Promise<void>((resolve) => waiting.push(resolve))
  running++
  const child = spawn(
    node,
    [...execArgv, '--disable-warning=ExperimentalWarning', script, name, JSON.stringify(options ?? {})],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), deadline)
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  const how = await promise
  clearTimeout(timer)
  running--
  waiting.shift()?.()
  if (how !== 'exit code 0') throw new Error(`Scenario ${name} ended with ${how}: ${output}${errors}`)
  return JSON.parse(output) as Result<N>
}
