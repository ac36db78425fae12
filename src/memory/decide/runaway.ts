/** Share of the limit that usage is kept under, whatever it takes. */
const most = 1.1
/** Share of the limit that usage may reach before anybody is suspected who has not got there fast. */
const tolerated = 1.05
/** ms from a decision until the worker allocates no more: it is told, and unwinds. */
const endTime = 100
/** ms: growth that leads past what is tolerated within that time is no passing thing. */
const horizon = 250
/** ms past the limit after which it counts what was taken since, however slowly or in what bursts it came: past what is tolerated, and anyway. */
const lingering = { intolerable: 1_000, tolerable: 5_000 }
/** Share of the limit that is worth the name: nobody is ended who has not taken it since the limit was passed, nor will within the horizon. */
const muchTaken = 1 / 64
/** Growth of a load counts for so much: it was expected to some extent, and others that grow besides are to blame first. */
const loadWeight = 0.5
/** ms that the collection of garbage may take at most, however slowly memory fills up. */
const longestQuestion = 500
/** ms that it may take where memory does not fill up. */
const unhurriedQuestion = 2_000

/** How full it is. Bytes. */
export interface Fullness {
  readonly usage: number
  readonly limit: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  /** The part of `usage` that is idle and may be unloaded. */
  readonly reclaimable: number
  /** For how long usage has been past the limit, ms. */
  readonly since: number
}

/** A component that can be ended. */
export interface Suspect {
  readonly name: string
  /** How it has been growing, bytes/ms. */
  readonly growth: number
  /** What it has taken since the limit was passed, bytes. */
  readonly taken: number
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
 * grows fastest; where nothing grows fast, and usage stays, the one that has taken most since. Nobody is ended for the memory it holds, only for
 * taking more when there is none.
 *
 * V8's young generation grows by tens of megabytes without anything being kept, and from outside that looks the same. So while there is time, what
 * is idle goes first, and the one that grows is asked to collect its garbage; a load of which nothing is known has the time that others take to go.
 */
export function findRunaway(full: Fullness, suspects: readonly Suspect[]): RunawayFinding {
  const { usage, limit, reclaimable } = full
  if (usage <= limit) return none
  const stoppable = suspects.filter((one) => (!one.loading || reclaimable <= 0) && isToBlame(full, one))
  const fastest = largest(stoppable, ({ growth, loading }) => (loading ? growth * loadWeight : growth))
  if (fastest) {
    const { name, growth, questioned } = fastest
    const patience = (limit * most - usage) / growth - endTime
    if (patience <= 0) return { kind: 'end', name }
    if (runsAway(full, growth) && !questioned)
      return { kind: 'question', name, patience: Math.min(patience, longestQuestion) }
  }
  const loaded = suspects.filter(({ loading }) => !loading)
  const greediest = largest(loaded, ({ taken }) => taken)
  if (!greediest || greediest.questioned || !keepsOthersOut(full, greediest.taken)) return none
  return { kind: 'question', name: greediest.name, patience: unhurriedQuestion }
}

/** Whether it takes a share worth the name, or has taken it and nothing makes up for it. */
function isToBlame(full: Fullness, { growth, taken }: Suspect): boolean {
  const share = full.limit * muchTaken
  return growth * horizon >= share || (taken >= share && remains(full) > full.limit)
}

/** The one with the most of something; undefined when nobody has any. */
function largest(suspects: readonly Suspect[], of: (suspect: Suspect) => number): Suspect | undefined {
  const [first] = suspects.toSorted((a, b) => of(b) - of(a))
  return first && of(first) > 0 ? first : undefined
}

/** Whether that growth (bytes/ms) has to be stopped: what goes or can go does not make up for it, and there is not much left until it is too much. */
export function runsAway(full: Fullness, growth: number): boolean {
  return remains(full) > full.limit && full.usage + growth * horizon > full.limit * tolerated
}

/**
 * Whether somebody who has taken that much (bytes) since the limit was passed has to give it back: usage has stayed past it, or is past all bounds, and
 * no load gets in. One that is short of processor time, or collects garbage most of the time, grows in bursts that are no steady growth and never stops.
 */
export function keepsOthersOut(full: Fullness, taken: number): boolean {
  const { usage, limit, since } = full
  if (remains(full) <= limit || taken < limit * muchTaken) return false
  const patience = remains(full) > limit * tolerated ? lingering.intolerable : lingering.tolerable
  return since >= patience || usage > limit * most
}

const remains = ({ usage, leaving, reclaimable }: Fullness): number => usage - leaving - reclaimable
