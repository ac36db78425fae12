import { addressSpaceLeft } from '../../base/proc-files.ts'
import { POOL_DELAY } from '../tuning.ts'
import { runHelper } from './helper-thread.ts'

/** Bytes that an isolate reserves when it starts, with half as much again: under a limit with 600 MB left it failed, with 1 GB it did not (Node 26). */
const neededAddressSpace = 1.5 * 1024 ** 3

let underWay = 0

/** A helper thread is at it, for whichever coordinator in this process: what it holds meanwhile is nobody's. */
export const isPoolDrained = (): boolean => underWay > 0

/**
 * Has a helper thread give back what V8's page pool keeps.
 *
 * @param bytes at most, about.
 * @param leaving aborted when it is wanted no longer.
 * @returns whether it was done. Never rejects.
 */
export async function drainPool(bytes: number, leaving: AbortSignal): Promise<boolean> {
  // V8 ends the process where it finds no room for an isolate.
  if (addressSpaceLeft() < neededAddressSpace) return false
  underWay++
  const said = await runHelper('pool-drain', 2 * POOL_DELAY, leaving, {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  })
  underWay--
  return said !== undefined
}
