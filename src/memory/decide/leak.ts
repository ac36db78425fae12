import type { Held, Leak } from '../../contract/growth.ts'
import {
  LEAK_AHEAD,
  LEAK_HORIZON,
  LEAK_IN_VAIN,
  LEAK_LASTS,
  LEAK_MEMORY,
  LEAK_PACE,
  LEAK_POINTS,
  LEAK_PRICE,
  LEAK_PROOFS,
  LEAK_QUIET,
  LEAK_QUIET_STEPS,
  LEAK_REST,
  LEAK_STEP,
  LEAK_STOPPED,
  LEAK_TOLERANCE,
  NOTICEABLE,
  WORTHWHILE,
} from '../tuning.ts'

/** One measurement of a worker. Bytes and ms. */
export interface LeakReading extends Held {
  /** Its garbage has just been collected, which took it that long (ms): all of this is retained. Undefined: garbage may be in it. */
  readonly collected?: number
  /** The limit that it is held against: its own, or the total one. */
  readonly limit: number
  /** What it may still take before that limit, or the total one, is reached. */
  readonly room: number
  /** Memory is short already, its own or that of all: nobody waits until it is quite sure. */
  readonly short: boolean
}

/** What a suspect held after collections, each time more than ever before. */
interface Proofs {
  /** The first is what was left when it was suspected. */
  readonly points: readonly Held[]
  /** When it was last collected (ms), and how often in vain since it last grew. */
  readonly askedAt: number
  readonly misses: number
  /** ms that the last collection took. */
  readonly took: number
}

type Suspicion =
  | { readonly kind: 'none'; readonly restsUntil: number }
  | ({ readonly kind: 'suspect' } & Proofs)
  | ({ readonly kind: 'leaks' } & Proofs)

/** What is known of one worker. */
export interface LeakState {
  /** All that it is known to retain without leaking: what it held when it was loaded, or after a collection. `sure`: after one. */
  readonly known: Held & { readonly sure: boolean }
  /** The most garbage (bytes) that a collection has found. */
  readonly garbage: number
  /** The largest figures of the last minutes, one of each. */
  readonly highs: readonly Held[]
  readonly suspicion: Suspicion
}

/** Growth (bytes) that matters: less of a limit is not noticed, and less is not worth a collection. */
export const matters = (limit: number): number => Math.max(WORTHWHILE, limit * NOTICEABLE)

/** ms: of how much time one largest figure is kept. */
const stretch = LEAK_QUIET

/** @param first what it held when it was loaded. */
export const beginLeakWatch = (first: Held): LeakState => ({
  known: { ...first, sure: false },
  garbage: 0,
  highs: [first],
  suspicion: { kind: 'none', restsUntil: first.time },
})

/**
 * Takes in a measurement. Garbage looks like growth from outside, so figures by themselves only make a suspect, one that holds more than it has ever been known to retain by
 * what matters, and more than its garbage has come to before. It takes collections to prove it: after each of several, some seconds apart, more is left than after all before.
 */
export function stepLeak(state: LeakState, reading: LeakReading): LeakState {
  const seen = { ...state, ...witness(state, reading) }
  const { suspicion } = seen
  if (reading.collected === undefined) {
    const isOver = suspicion.kind !== 'none' && (isQuiet(seen, suspicion, reading) || fellBack(suspicion, reading))
    return isOver ? cleared(seen, suspicion, reading) : seen
  }
  return suspicion.kind === 'none' ? suspect(seen, reading) : prove(seen, suspicion, reading)
}

/** It retains no more than the most that it has held of late. */
function witness({ known, highs }: LeakState, { time, bytes }: LeakReading): Pick<LeakState, 'known' | 'highs'> {
  const last = highs.at(-1)
  const isSame = last !== undefined && Math.floor(last.time / stretch) === Math.floor(time / stretch)
  const kept = highs.filter((high) => time - high.time < LEAK_MEMORY + stretch)
  const next = isSame
    ? [...kept.slice(0, -1), { time: last.time, bytes: Math.max(last.bytes, bytes) }]
    : [...kept, { time, bytes }]
  const hasSeenAll = time - (highs[0]?.time ?? time) >= LEAK_MEMORY
  const most = hasSeenAll ? Math.max(...next.map((high) => high.bytes)) : Number.POSITIVE_INFINITY
  // What it was loaded with was measured with its garbage.
  const least = known.sure ? most : Math.min(most, bytes)
  return { highs: next, known: least < known.bytes ? { ...known, time, bytes: least } : known }
}

/** Its garbage has been collected, for whatever reason. */
function suspect(state: LeakState, reading: LeakReading): LeakState {
  const { time, bytes, limit, collected = 0 } = reading
  const { known } = state
  const more = bytes - known.bytes
  const garbage = Math.max(state.garbage, highest(state, time) - bytes)
  if (more >= matters(limit) / 2) {
    const points = [{ time, bytes }]
    return {
      ...state,
      suspicion: { kind: 'suspect', points, askedAt: time, misses: 0, took: collected },
    }
  }
  const retains = more > 0 || !known.sure ? { time, bytes, sure: true } : known
  return { ...state, garbage, known: retains, suspicion: { kind: 'none', restsUntil: time + LEAK_REST } }
}

function prove(state: LeakState, suspicion: Extract<Suspicion, Proofs>, reading: LeakReading): LeakState {
  const { time, bytes, limit, collected = 0 } = reading
  const last = lastOf(suspicion)
  const asked = { askedAt: time, took: collected }
  if (bytes >= last.bytes + step(limit)) {
    const points = [...suspicion.points, { time, bytes }].slice(-LEAK_POINTS)
    const next = { ...suspicion, ...asked, points, misses: 0 }
    return { ...state, suspicion: isLeak(next, reading) ? { ...next, kind: 'leaks' } : next }
  }
  const next = { ...suspicion, ...asked, misses: suspicion.misses + 1 }
  const isOver = fellBack(next, reading) || isQuiet(state, next, reading)
  return isOver ? cleared(state, next, reading) : { ...state, suspicion: next }
}

/** It has stopped: what it retains now is what it retains. */
function cleared(state: LeakState, suspicion: Proofs, { time }: LeakReading): LeakState {
  const { bytes } = lastOf(suspicion)
  return {
    ...state,
    known: { time, bytes, sure: true },
    suspicion: { kind: 'none', restsUntil: time + LEAK_REST },
  }
}

function isLeak({ points }: Proofs, { time, room, short }: LeakReading): boolean {
  const [first] = points
  if (!first || points.length < LEAK_PROOFS) return false
  const pace = paceOf(points)
  const goesOn = paceOf(points.slice(-2)) >= pace / 2
  return short || (goesOn && time - first.time >= LEAK_LASTS && room <= pace * LEAK_HORIZON)
}

/** It has given back what it was suspected for. */
const fellBack = ({ points: [first] }: Proofs, { bytes, limit }: LeakReading): boolean =>
  first !== undefined && bytes < first.bytes - step(limit)

/** Nothing more has been retained for longer than it has taken so far from one step to the next. */
function isQuiet(
  { known }: LeakState,
  suspicion: Extract<Suspicion, Proofs>,
  { time, bytes, limit }: LeakReading,
): boolean {
  const { kind, points } = suspicion
  const times = (kind === 'leaks' ? points : [known, ...points]).map((point) => point.time)
  const longest = Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
  // With all its garbage it holds no more than was left then.
  const hasStopped = kind === 'leaks' && bytes < lastOf(suspicion).bytes + step(limit)
  const [least, steps] = hasStopped ? [LEAK_STOPPED.least, LEAK_STOPPED.steps] : [LEAK_QUIET, LEAK_QUIET_STEPS]
  return time - lastOf(suspicion).time >= Math.max(least, Math.min(steps * longest, LEAK_HORIZON))
}

/** Whether its garbage is to be collected now, to see what is left. */
export function wantsProof({ known, garbage, suspicion }: LeakState, reading: LeakReading): boolean {
  const { time, bytes, limit, room, short } = reading
  if (suspicion.kind === 'none') {
    const excess = bytes - known.bytes
    return time >= suspicion.restsUntil && excess >= Math.max(matters(limit), garbage * LEAK_TOLERANCE)
  }
  const last = lastOf(suspicion)
  if (bytes < last.bytes + step(limit)) return false
  const [first = last] = suspicion.points
  // There may be garbage in it: then it is asked sooner, and the price sees to it that it is not asked too often.
  const pace = paceOf([first, reading])
  const soon = pace > 0 ? Math.max(LEAK_PACE.shortest, room / pace / LEAK_AHEAD) : LEAK_PACE.suspect
  const gap = suspicion.kind === 'leaks' ? LEAK_PACE.named : Math.min(LEAK_PACE.suspect, soon)
  // One that fills it soon is as urgent as if memory were short already.
  const isUrgent = short || (pace > 0 && room / pace < LEAK_QUIET)
  const inVain = Math.min(gap * 2 ** suspicion.misses, LEAK_IN_VAIN)
  return time - suspicion.askedAt >= Math.max(suspicion.took / LEAK_PRICE[isUrgent ? 'short' : 'usual'], inVain)
}

/** What there is to be said of it: undefined, nothing. */
export function leakOf({ known, suspicion }: LeakState): Leak | undefined {
  if (suspicion.kind !== 'leaks') return undefined
  const { points } = suspicion
  const pace = paceOf(points)
  const retained = lastOf(suspicion)
  const [before = retained] = points
  return { pace, since: beganAt(known, points, pace), retained, before, grown: retained.bytes - known.bytes }
}

const step = (limit: number): number => matters(limit) * LEAK_STEP

function lastOf({ points }: Proofs): Held {
  const last = points.at(-1)
  if (!last) throw new Error('A suspect has been measured')
  return last
}

/** Bytes/ms. */
function paceOf(points: readonly Held[]): number {
  const [first] = points
  const last = points.at(-1)
  return first && last && last.time > first.time ? (last.bytes - first.bytes) / (last.time - first.time) : 0
}

/** At that pace, from what was known; but not before that. */
function beganAt(known: Held, points: readonly Held[], pace: number): number {
  const [first = known] = points
  return pace > 0 ? Math.max(known.time, first.time - (first.bytes - known.bytes) / pace) : first.time
}

const highest = ({ highs }: LeakState, time: number): number =>
  Math.max(...highs.filter((high) => time - high.time < 2 * stretch).map(({ bytes }) => bytes))
