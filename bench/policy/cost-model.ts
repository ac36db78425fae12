/**
 * What loading a component takes, which no published trace says.
 *
 * - size: a runtime's start, then what has to be read and built, so it grows with the memory; cost per byte is nearly the
 *   same for all.
 * - faascache: what the longest call took more than the average one, as FaasCache takes it (Fuerst and Sharma, "Keeping
 *   Serverless Computing Alive with Greedy-Dual Caching", ASPLOS 2021): spread over a factor of 300, whatever the size.
 */
export const costModels = ['size', 'faascache'] as const
export type CostModel = (typeof costModels)[number]

/** ms, and ms per MiB. */
const SIZE_BASE = 200
const SIZE_PER_MEGABYTE = 5
/** ms: a load takes something, and what takes longer than this was a slow call rather than a load. */
const SHORTEST_LOAD = 100
const LONGEST_LOAD = 30_000

export const costBySize = (megabytes: number): number => Math.round(SIZE_BASE + SIZE_PER_MEGABYTE * megabytes)

export const costByCalls = (excess: number): number =>
  Math.round(Math.min(LONGEST_LOAD, Math.max(SHORTEST_LOAD, excess)))
