import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { returnAtEndFlag, returnSoonFlag } from '../../src/memory/act/page-pool.ts'
import type { Shape } from '../reclaim/holder.ts'
import type { UnloadStall } from './run.ts'

export type { Delays, UnloadStall } from './run.ts'

/** What Node is started as. */
export interface Runtime {
  readonly node: 'node' | 'node-24'
  readonly flags: readonly string[]
  /** Its pages are back when the thread is gone, and everybody waits meanwhile: the targets of `stalls` do not hold for it. */
  readonly atOnce?: boolean
}

export const runtimes: Readonly<Record<string, Runtime>> = {
  'Node 26': { node: 'node', flags: [] },
  [`Node 26, ${returnSoonFlag}`]: { node: 'node', flags: [returnSoonFlag] },
  [`Node 26, ${returnAtEndFlag}`]: { node: 'node', flags: [returnAtEndFlag], atOnce: true },
  'Node 24': { node: 'node-24', flags: [] },
}

/** What is unloaded at once. */
export interface Scenario {
  readonly shape: Shape
  readonly components: number
  /** Of each. */
  readonly bytes: number
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  '400 MB of objects': { shape: 'objects', components: 1, bytes: 400e6 },
  '1 GB of objects': { shape: 'objects', components: 1, bytes: 1e9 },
  '6 times 400 MB of objects': { shape: 'objects', components: 6, bytes: 400e6 },
  '400 MB of strings': { shape: 'string map', components: 1, bytes: 400e6 },
}

/** ms; `p99Ratio`: of another component's calls, to what it was before. */
export const targets = { standstill: 50, p99Ratio: 2, back: 12_000, returnedIn1s: 0.95 } as const

export interface Judged {
  readonly figure: number
  readonly target: number
  readonly met: boolean
}

const program = fileURLToPath(new URL('run.ts', import.meta.url))
/** s to watch for memory that comes back. */
const watched = 14
/** ms; a run takes some 25 s on a quiet machine. */
const deadline = 300_000

/** One unload of a scenario in a process of its own. */
export async function measureUnloadStall({ node, flags }: Runtime, scenario: Scenario): Promise<UnloadStall> {
  const file = fileURLToPath(new URL(`../../node_modules/${node}/bin/node`, import.meta.url))
  const { shape, components, bytes } = scenario
  const args = [...flags, program, shape, String(components), String(bytes), String(watched)]
  const { stdout } = await promisify(execFile)(file, args, { timeout: deadline })
  return JSON.parse(stdout) as UnloadStall
}

/** What was wanted of a runtime, and whether it was so. */
export function judge({ atOnce = false }: Runtime, stall: UnloadStall): Readonly<Record<string, Judged>> {
  const { before, meanwhile, back = Infinity, returnedIn1s } = stall
  const most = (figure: number, target: number): Judged => ({ figure, target, met: figure <= target })
  if (atOnce) {
    const target = targets.returnedIn1s
    return { returnedIn1s: { figure: returnedIn1s, target, met: returnedIn1s >= target } }
  }
  return {
    standstill: most(meanwhile.standstill, targets.standstill),
    p99Ratio: most(meanwhile.p99 / before.p99, targets.p99Ratio),
    back: most(back, targets.back),
  }
}

/** Of several runs, each figure for itself. */
export function medianStall(runs: readonly UnloadStall[]): UnloadStall {
  const median = (of: (run: UnloadStall) => number): number => {
    const sorted = runs.map(of).toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  }
  const delays = (phase: 'before' | 'meanwhile') => ({
    standstill: median((run) => run[phase].standstill),
    p99: median((run) => run[phase].p99),
    slowest: median((run) => run[phase].slowest),
  })
  const back = median((run) => run.back ?? Infinity)
  return {
    before: delays('before'),
    meanwhile: delays('meanwhile'),
    gone: median((run) => run.gone),
    ...(Number.isFinite(back) ? { back } : {}),
    returned: median((run) => run.returned),
    returnedIn1s: median((run) => run.returnedIn1s),
    cpu: median((run) => run.cpu),
  }
}
