import { ANSWER_TIME, POOL_DELAY } from '../tuning.ts'
import { blameDoubtful, grown, promoted, shrunk, sizeOf } from './native-shares.ts'
import type { NativeShares, NativeSuspect } from './native-shares.ts'

/**
 * Native memory: what of the process's anonymous memory no isolate explains. It grows where an addon allocates, and also where an isolate gives back what
 * V8 or the allocator then keeps; the two are told apart by whether the isolates shrank, and by asking the allocator to give back what it keeps.
 */

const mib = 1024 ** 2

/** ms: the least that was unexplained in this time is believed. What isolates hold and what the process has are not read at the same moment. */
const settleTime = ANSWER_TIME
/** Bytes: as much may be new before it is found out whether the allocator only keeps it. Less asks it more often: some 30 ms of a helper thread each time. */
const unseen = 16 * mib
/** The same as a share of what is known to be native, where that is more: so a steady growth is looked into a few times, not all the time. */
const unseenShare = 1 / 4
/** Bytes: falls that are smaller are noise, and say nothing about what is kept. */
const noise = 4 * mib
/** ms after which freed memory is no longer on its way back: V8's pool is empty by then at the latest, and the allocator has been trimmed. */
const returnTime = 2 * POOL_DELAY
/**
 * ms in which what the allocator gave back may be taken again before that is looked into; doubled as long as it is only that. Longer asks less of a program
 * that takes and frees all the time, and sees later what it keeps after all.
 */
const elasticTime = { first: 5_000, most: 20_000 }

/** What is there at one moment. Bytes; ms of the monotonic clock. */
export interface Moment {
  readonly time: number
  /** Of the process, what no file backs. */
  readonly anonymous: number
  /** What isolates hold, and what components reported. */
  readonly held: number
  /** Anonymous memory that is the runtime's own. */
  readonly constant: number
}

export interface NativeReading extends Moment {
  readonly suspects: readonly NativeSuspect[]
  /** Others than the suspects may have taken native memory: the main thread has addons, say. Asked for only where it matters. */
  readonly others: () => boolean
  /** Whether the allocator can be made to give back what it keeps. */
  readonly canTrim: boolean
  /** False: what isolates hold is older than the rest. Then only who was at work is noted. */
  readonly isFresh: boolean
}

/** What an unload freed, and may not be back yet. */
interface Returning {
  /** Of the worker that is gone. */
  readonly key: string
  readonly freed: number
  /** Of that, what is not back. */
  readonly bytes: number
  readonly until: number
}

/** How much native memory an unload was found to have given back. */
export interface Returned {
  /** Of the worker that is gone. */
  readonly key: string
  readonly expected: number
  readonly bytes: number
}

/** Whether the allocator was asked about growth: by having it give back what it keeps. */
type Check =
  | { readonly kind: 'none' }
  | { readonly kind: 'wanted' }
  /** @property raw what it was to explain. */
  | { readonly kind: 'under way'; readonly raw: number }

export interface NativeState {
  /** When it was last read, and last settled. */
  readonly time: number
  readonly settledAt: number
  /** The reading since then that had the least unexplained. */
  readonly least: { readonly excess: number; readonly held: number } | undefined
  readonly excess: number
  readonly held: number
  /** Unexplained, and free: freed by an isolate, or by the end of one. */
  readonly kept: number
  readonly keptUntil: number
  readonly returning: readonly Returning[]
  readonly returned: readonly Returned[]
  /** What isolates held that have ended since it was last settled. */
  readonly gone: number
  /** What workers that are gone may have taken, at most, since they were last measured: it is unexplained now, and free. */
  readonly unsure: number
  /** Unexplained beyond that. */
  readonly raw: number
  /** Of that, what counts. */
  readonly counted: number
  /** Of that, what was there after the allocator had given back what it kept. */
  readonly verified: number
  readonly check: Check
  /** What the allocator gave back, and is likely to take again, until then. */
  readonly elastic: { readonly bytes: number; readonly until: number; readonly wait: number }
  readonly shares: NativeShares
  /** When each suspect was last at work. */
  readonly workedAt: ReadonlyMap<string, number>
  /** Since when what is not attributed yet may have been taken. */
  readonly since: number
}

const noElastic = { bytes: 0, until: Number.NEGATIVE_INFINITY, wait: elasticTime.first }

/** What is unexplained at the start beyond the runtime's own is native memory of the program, unless the allocator only keeps it. */
export function initialNative(reading: Moment): NativeState {
  const excess = excessOf(reading)
  return {
    time: reading.time,
    settledAt: reading.time,
    least: undefined,
    excess,
    held: reading.held,
    kept: 0,
    keptUntil: Number.POSITIVE_INFINITY,
    returning: [],
    returned: [],
    gone: 0,
    unsure: 0,
    raw: excess,
    counted: excess,
    verified: 0,
    check: { kind: 'none' },
    elastic: noElastic,
    shares: new Map(),
    workedAt: new Map(),
    since: reading.time,
  }
}

/** Takes a reading in. Pure. */
export function stepNative(before: NativeState, reading: NativeReading): NativeState {
  const workedAt = worked(before, reading)
  if (!reading.isFresh) return { ...before, time: reading.time, workedAt, returned: [] }
  const excess = excessOf(reading)
  const least = before.least && before.least.excess <= excess ? before.least : { excess, held: reading.held }
  const state = { ...before, time: reading.time, least, workedAt, returned: [] }
  if (reading.time - before.settledAt < settleTime) return state
  const moved = expire(move({ ...state, settledAt: reading.time, least: undefined }, least, reading), reading)
  return attribute(moved.counted, before.settledAt, count(moved, reading), reading)
}

/** ms after which it has to be read again, whatever happens; Infinity: it is settled. */
export function nativeLookIn(state: NativeState): number {
  const { least, excess, check, time } = state
  const isOpen = least !== undefined && Math.abs(least.excess - excess) >= noise
  if (isOpen || check.kind !== 'none') return settleTime
  const times = state.returning.map(({ until }) => until)
  if (state.kept > 0) times.push(state.keptUntil)
  if (state.counted < state.raw) times.push(state.elastic.until)
  return Math.max(settleTime, Math.min(Number.POSITIVE_INFINITY, ...times) - time)
}

/** The allocator is being asked to give back what it keeps. */
export const checkBegan = (state: NativeState): NativeState => ({
  ...state,
  check: { kind: 'under way', raw: state.raw },
})

/**
 * It has, or could not. What is unexplained right then is in use; what came back is likely to be taken again, by who has taken it before.
 *
 * @param reading of that moment.
 */
export function checkEnded(state: NativeState, reading: Moment): NativeState {
  const { check, verified, elastic } = state
  if (check.kind !== 'under way') return state
  const raw = Math.max(0, state.raw + excessOf(reading) - state.excess)
  const recovered = Math.max(0, check.raw - raw)
  const isElastic = recovered > (check.raw - verified) / 2
  return {
    ...state,
    check: { kind: 'none' },
    verified: raw,
    elastic: isElastic
      ? { bytes: recovered, until: reading.time + elastic.wait, wait: Math.min(elastic.wait * 2, elasticTime.most) }
      : noElastic,
    // What was read before says nothing any more.
    least: undefined,
    settledAt: reading.time - settleTime,
  }
}

/**
 * A worker is gone: what it had is on its way back, unless it turns out that it does not come.
 *
 * @param held bytes of its isolate, as it was last measured.
 * @param unsure bytes that it may have taken besides since then: one that was ended as it grew.
 */
export function workerGone(before: NativeState, key: string, time: number, held = 0, unsure = 0): NativeState {
  const freed = sizeOf(before.shares.get(key))
  const state = { ...before, gone: before.gone + held, unsure: before.unsure + unsure }
  if (freed === 0) return state
  const shares = new Map(state.shares)
  shares.delete(key)
  const workedAt = new Map(state.workedAt)
  workedAt.delete(key)
  return {
    ...state,
    shares,
    workedAt,
    raw: Math.max(0, state.raw - freed),
    counted: Math.max(0, state.counted - freed),
    verified: Math.max(0, state.verified - freed),
    returning: [...state.returning, { key, freed, bytes: freed, until: time + returnTime }],
  }
}

const excessOf = ({ anonymous, held, constant }: Omit<Moment, 'time'>): number =>
  Math.max(0, anonymous - held - constant)

function worked({ workedAt }: NativeState, { time, suspects }: NativeReading): NativeState['workedAt'] {
  if (!suspects.some((suspect) => suspect.worked)) return workedAt
  const all = new Map(workedAt)
  for (const { key, worked: did } of suspects) if (did) all.set(key, time)
  return all
}

/** More or less is unexplained: which of it is native, and which is kept. */
function move(state: NativeState, to: { excess: number; held: number }, { time }: NativeReading): NativeState {
  const change = to.excess - state.excess
  // Of those that are still there: one that begins as another ends says nothing about what that one gave back.
  const growth = to.held - state.held + state.gone
  const moved = { ...state, excess: to.excess, held: to.held, gone: 0, unsure: 0 }
  if (change >= 0) {
    const freed = Math.min(change, Math.max(0, -growth) + state.gone + state.unsure)
    const kept = state.kept + freed
    return {
      ...moved,
      kept,
      raw: state.raw + change - freed,
      keptUntil: freed > 0 ? time + returnTime : state.keptUntil,
    }
  }
  // Isolates that grow use again what is kept.
  const used = Math.min(-change, Math.max(0, growth))
  const rest = -change - used
  const small = rest < noise ? Math.min(rest, state.raw) : 0
  const { left, ...less } = takeKept(moved, used + rest - small)
  return { ...moved, ...less, raw: Math.max(0, state.raw - small - left) }
}

/** Less is kept by so many bytes; what unloads freed comes back first. */
function takeKept(
  { kept, returning }: NativeState,
  bytes: number,
): Pick<NativeState, 'kept' | 'returning'> & { readonly left: number } {
  let left = bytes
  const rest = returning.map((one) => {
    const back = Math.min(left, one.bytes)
    left -= back
    return { ...one, bytes: one.bytes - back }
  })
  const back = Math.min(left, kept)
  return { kept: kept - back, returning: rest, left: left - back }
}

/** What is still there after its time does not come back: it is somebody's. */
function expire(state: NativeState, { time, canTrim }: NativeReading): NativeState {
  const over = state.returning.filter(({ bytes, until }) => bytes === 0 || time >= until)
  // What the allocator cannot be made to give back may stay for good, and is free all the same.
  const stays = canTrim && time >= state.keptUntil ? state.kept : 0
  if (over.length === 0 && stays === 0) return state
  const leaked = over.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    ...state,
    kept: state.kept - stays,
    keptUntil: stays > 0 ? Number.POSITIVE_INFINITY : state.keptUntil,
    returning: state.returning.filter((one) => !over.includes(one)),
    returned: over.map(({ key, freed, bytes }) => ({ key, expected: freed, bytes: freed - bytes })),
    raw: state.raw + stays + leaked,
    counted: state.counted + leaked,
    verified: state.verified + leaked,
    shares: leaked > 0 ? blameDoubtful(state.shares, leaked) : state.shares,
  }
}

/** How much of what is unexplained counts: what is new only once the allocator was asked, if it is much. */
function count(state: NativeState, { time, canTrim }: NativeReading): NativeState {
  const { raw, verified, check } = state
  const mayBeNew = Math.max(unseen, verified * unseenShare)
  const believed = time < state.elastic.until ? Math.max(Math.min(raw, verified), raw - state.elastic.bytes) : raw
  if (believed - verified <= mayBeNew || !canTrim) {
    const isLess = believed < verified
    return { ...state, counted: believed, verified: isLess || !canTrim ? believed : verified }
  }
  return { ...state, check: check.kind === 'none' ? { kind: 'wanted' } : check }
}

/** Who has taken what has come to count, and who has given back what does not any more. */
function attribute(before: number, settledBefore: number, state: NativeState, reading: NativeReading): NativeState {
  const { counted, check, workedAt, since } = state
  const { suspects, others, canTrim } = reading
  const shares = promoted(state.shares, suspects)
  // What is still being looked into is attributed when that is over, to those who were at work until then.
  if (check.kind !== 'none') return { ...state, shares }
  const change = counted - before
  const at = { time: since, of: workedAt }
  const next =
    change > 0 ? grown(shares, change, suspects, at, () => !canTrim || others()) : shrunk(shares, -change, counted, at)
  // The reading that was believed may be as old as the last one: who has been at work since then may have taken what comes next.
  return { ...state, shares: next, since: settledBefore }
}
