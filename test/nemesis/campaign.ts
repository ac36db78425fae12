/** Rounds in child processes, for as long as wanted: a process that dies or hangs is a failure of the round it was in, and another one goes on. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromChild } from './child.ts'
import type { Problem } from './problem.ts'
import type { RoundAndAfter } from './round.ts'

/** ms without a word, after which a process hangs: a round is silent for as long as its longest bounds at most. */
const silence = 150_000

export interface Campaign {
  /** ms, at most what a timer takes; no round begins after that. */
  readonly duration: number
  /** Run first, in this order; then those that follow the last one. */
  readonly seeds: readonly number[]
  readonly rounds?: number
  /** Handed on to the processes. */
  readonly args?: readonly string[]
  readonly done: (report: RoundAndAfter) => void
  readonly failed: (seed: number, problem: Problem) => void
}

export async function runCampaign(campaign: Campaign): Promise<void> {
  const end = performance.now() + campaign.duration
  let seeds = [...campaign.seeds]
  let rounds = campaign.rounds ?? Number.POSITIVE_INFINITY
  while (rounds > 0 && performance.now() < end) {
    const { ran, next } = await runProcess(campaign, seeds, rounds, end)
    rounds -= ran
    seeds = next
  }
}

/** One process, until it is done, or is no more. */
async function runProcess(
  { args = [], done, failed }: Campaign,
  seeds: readonly number[],
  rounds: number,
  end: number,
): Promise<{ ran: number; next: number[] }> {
  const child = start([
    ...seeds.map((seed) => `--seed=${seed}`),
    ...(Number.isFinite(rounds) ? [`--rounds=${rounds}`] : []),
    ...args,
  ])
  let ran = 0
  let current: number | undefined
  let lastStep = 'nothing'
  const timer = setTimeout(() => child.send('enough', () => {}), Math.max(0, end - performance.now()))
  const hung = setTimeout(() => child.kill('SIGKILL'), silence)
  child.on('message', (message: FromChild) => {
    hung.refresh()
    if (message.type === 'step') lastStep = message.name
    else if (message.type === 'began') current = message.seed
    else {
      ran++
      current = undefined
      done(message.report)
      for (const problem of message.report.problems) failed(message.report.seed, problem)
    }
  })
  const { code, signal } = await ended(child)
  clearTimeout(timer)
  clearTimeout(hung)
  const last = current ?? seeds[ran - 1] ?? (seeds.at(-1) ?? 0) + ran - seeds.length
  if (current !== undefined || code !== 0) {
    const how =
      signal === 'SIGKILL' ? `said nothing for ${silence} ms and was killed` : `ended with ${signal ?? `code ${code}`}`
    failed(last, { kind: 'process ended', text: `the process ${how}; its last step was "${lastStep}"` })
    ran += current === undefined ? 0 : 1
  }
  const rest = seeds.slice(ran)
  return { ran, next: rest.length > 0 ? [...rest] : [last + 1] }
}

function start(args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL('child.ts', import.meta.url)), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=SPILLWAY_LOG_FAILED'],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      // Most of a load is the stripping of types.
      NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/node-compile', import.meta.url)),
    },
  })
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}
