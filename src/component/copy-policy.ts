/** How many copies a component has, and how many it may have. */
export interface CopyCount {
  /** Loaded, and not about to be replaced. */
  readonly serving: number
  /** Being loaded to serve. */
  readonly loading: number
  /** Being unloaded; their place is free when they are gone. */
  readonly leaving: number
}

export interface CopyLimits {
  readonly min: number
  readonly max: number
  /** Calls that one takes at a time. */
  readonly concurrency: number
}

/** Copies for which there is a place. */
export function placesFor({ serving, loading, leaving }: CopyCount, { max }: CopyLimits): number {
  return Math.max(0, max - serving - loading - leaving)
}

/**
 * How many more to load because calls wait. Those that are being loaded take their share of them; where none is loaded, all that have to be there are.
 *
 * @param waiting calls.
 * @param isHeldUp one more could not be loaded just now, or the component is backing off: what there is has to do.
 */
export function copiesToBegin(count: CopyCount, limits: CopyLimits, waiting: number, isHeldUp: boolean): number {
  const present = count.serving + count.loading
  if (waiting === 0 || (isHeldUp && present > 0)) return 0
  const forCalls = Math.ceil(waiting / limits.concurrency) - count.loading
  return Math.min(placesFor(count, limits), Math.max(forCalls, limits.min - present, present === 0 ? 1 : 0))
}

/** How many more to load for somebody who wants the component loaded, whether it is called or not. */
export function copiesMissing({ serving, loading }: CopyCount, { min }: CopyLimits): number {
  return Math.max(0, Math.max(1, min) - serving - loading)
}
