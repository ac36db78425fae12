/**
 * How far (share of the limit) usage may pass the limit while others still make room, and be seen to pass it soon. Ending a worker takes time in which
 * it goes on: what is promised is twice as much.
 */
const tolerance = 0.05
/** ms: noticing, deciding and ending a worker take about that long, with some to spare. */
const horizon = 250

/** Bytes; growth in bytes/ms. */
export interface RunawayInput {
  readonly usage: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  readonly limit: number
  /** Components that can be ended, and how they have been growing. */
  readonly components: readonly { readonly name: string; readonly growth: number }[]
}

/**
 * The component that has to be ended although it is in use, because usage has passed the limit and would pass it by more than a tenth
 * before long: the one that grows fastest. Nobody is ended for the memory it holds, only for taking more when there is none.
 */
export function findRunaway({ usage, leaving, limit, components }: RunawayInput): string | undefined {
  const most = limit * (1 + tolerance)
  if (usage - leaving <= limit && usage <= most) return undefined
  const fastest = components.reduce<RunawayInput['components'][number] | undefined>(
    (most, component) => (component.growth > (most?.growth ?? 0) ? component : most),
    undefined,
  )
  if (!fastest || usage + fastest.growth * horizon <= most) return undefined
  return fastest.name
}
