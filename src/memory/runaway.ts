/** Share of the limit that usage is kept under, whatever it takes. */
const most = 1.1
/** Share of the limit that usage may reach before anybody is suspected who has not got there fast. */
const tolerated = 1.05
/** ms from a decision until the worker allocates no more: it is told, and unwinds. */
const endTime = 100
/** ms: growth that leads past what is tolerated within that time is no passing thing. */
const horizon = 250

/** How full it is. Bytes. */
export interface Fullness {
  readonly usage: number
  readonly limit: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  /** The part of `usage` that is idle and may be unloaded. */
  readonly reclaimable: number
}

/** A component that can be ended. */
export interface Suspect {
  readonly name: string
  /** How it has been growing, bytes/ms. */
  readonly growth: number
  /** What it holds is not known yet, so it is no surprise that it grows. */
  readonly loading: boolean
  /** It was asked to collect its garbage a moment ago. */
  readonly questioned: boolean
}

/**
 * - none: nobody has to be ended, or not yet.
 * - question: have it collect its garbage, and see what is left, within `patience` ms.
 * - end: there is no time for that.
 */
export type RunawayFinding =
  | { readonly kind: 'none' }
  | { readonly kind: 'question'; readonly name: string; readonly patience: number }
  | { readonly kind: 'end'; readonly name: string }

const none: RunawayFinding = { kind: 'none' }

/**
 * Who has to be ended although it is in use, because usage has passed the limit and would pass it by a tenth before long: the one that
 * grows fastest. Nobody is ended for the memory it holds, only for taking more when there is none.
 *
 * V8's young generation grows by tens of megabytes without anything being kept, and from outside that looks the same. So while there is time, what
 * is idle goes first, and the one that grows is asked to collect its garbage; a load of which nothing is known has the time that others take to go.
 */
export function findRunaway(full: Fullness, suspects: readonly Suspect[]): RunawayFinding {
  const { usage, limit, reclaimable } = full
  if (usage <= limit) return none
  const fastest = suspects
    .filter(({ loading }) => !loading || reclaimable <= 0)
    .reduce<Suspect | undefined>((most, one) => (one.growth > (most?.growth ?? 0) ? one : most), undefined)
  if (!fastest) return none
  const { name, growth, questioned } = fastest
  const patience = (limit * most - usage) / growth - endTime
  if (patience <= 0) return { kind: 'end', name }
  if (questioned || !runsAway(full, growth)) return none
  return { kind: 'question', name, patience }
}

/** Whether that growth (bytes/ms) has to be stopped: what goes or can go does not make up for it, and there is not much left until it is too much. */
export function runsAway({ usage, limit, leaving, reclaimable }: Fullness, growth: number): boolean {
  return usage - leaving - reclaimable > limit && usage + growth * horizon > limit * tolerated
}
