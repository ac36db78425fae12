import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { returnAtEndFlag } from '../../src/memory/act/page-pool.ts'
import type { CycleResult } from './cycle.ts'
import type { Shape } from './holder.ts'

/** What a cycle runs on. */
export const runtimes = {
  'Node 26, with the flag': { node: pinned('node'), flags: [returnAtEndFlag] },
  'Node 26, without the flag': { node: pinned('node'), flags: [] },
  'Node 24': { node: pinned('node-24'), flags: [] },
} as const
export type Runtime = keyof typeof runtimes

const program = fileURLToPath(new URL('cycle.ts', import.meta.url))
/** ms; a cycle takes about 15 s, 12 of them waiting. */
const deadline = 180_000

/** One load and unload of `bytes` in a process of its own, watched for `seconds` after, or until `enough` of it (a share) is back. */
export async function runCycle(
  runtime: Runtime,
  shape: Shape,
  bytes: number,
  seconds: number,
  enough = Infinity,
): Promise<CycleResult> {
  const { node, flags } = runtimes[runtime]
  const args = [...flags, program, shape, String(bytes), String(seconds), String(enough)]
  const { stdout } = await promisify(execFile)(node, args, { timeout: deadline })
  return JSON.parse(stdout) as CycleResult
}

function pinned(name: 'node' | 'node-24'): string {
  return fileURLToPath(new URL(`../../node_modules/${name}/bin/node`, import.meta.url))
}

/** How much of what loading added is back after `seconds`, or when it was last looked at: 0 to 1 and a little more. */
export function returnedShare({ base, loaded, after }: CycleResult, seconds?: number): number {
  const resident = seconds === undefined ? Object.values(after).at(-1) : after[seconds]
  return (loaded - (resident ?? Number.NaN)) / (loaded - base)
}
