/** When a generation is to be replaced. Times in ms, sizes in bytes. */
export interface ResolvedRecycle {
  readonly calls: number | undefined
  readonly age: number | undefined
  readonly memory: number | undefined
  /** Its successor is ready before it goes. */
  readonly overlap: boolean
}

/** What is known of a generation that serves. */
export interface GenerationFacts {
  /** Since it became ready. */
  readonly age: number
  /** That it was sent. */
  readonly calls: number
  /** As last measured; undefined before that. */
  readonly memory: number | undefined
}

/** ms that one serves at least before its memory is held against it. Guessed: what is as large anew is not to be replaced without a pause. */
export const leastAge = 1_000
/** The share of `calls` that is left when the successor is loaded, so that it is ready by then. Guessed. */
const successorShare = 0.1

/** Whether it is to be replaced for its age or its memory, and else the ms until it is by its age; Infinity: nothing tells. */
export function untilRecycled({ age: most, memory: limit }: ResolvedRecycle, facts: GenerationFacts): number {
  // One that was not called is as large as any other will be.
  const isLarge = limit !== undefined && (facts.memory ?? 0) >= limit && facts.calls > 0
  if (isLarge && facts.age >= leastAge) return 0
  const untilLarge = isLarge ? leastAge - facts.age : Number.POSITIVE_INFINITY
  return Math.max(0, Math.min(untilLarge, (most ?? Number.POSITIVE_INFINITY) - facts.age))
}

/** With so few of its `calls` left its successor is loaded. */
export function fewCalls(calls: number, overlap: boolean): number {
  return overlap ? Math.floor(calls * successorShare) : 0
}
