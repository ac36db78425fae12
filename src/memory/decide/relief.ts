import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { MemoryOptions } from '../../contract/memory-options.ts'
import { LONGEST_LOOK, MEDIUM_DWELL, RETRY, SHORTEST_LOOK } from '../tuning.ts'
import type { Action } from './action.ts'
import { notExhausted, somethingGoes, stepExhaustion, unseen } from './exhaustion.ts'
import type { ExhaustionState } from './exhaustion.ts'
import { planUnload } from './plan.ts'
import type { Kept, UnloadPolicy } from '../../contract/unload-policy.ts'
import { bytesToFree, isAtLeast } from './pressure.ts'
import type { PressureState } from './pressure.ts'
import { candidatesIn, isFresh } from './snapshot.ts'
import type { AccountSnapshot, ComponentSnapshot } from './snapshot.ts'

/** What was done about the pressure so far. Times in ms. */
export interface ReliefState {
  /** Components were last asked to trim at this level. */
  readonly trimmed: { readonly level: PressureLevel; readonly at: number } | undefined
  /** By worker: who was asked since there has been a reason to. */
  readonly asked: ReadonlySet<string>
  /** Spare workers were given up. */
  readonly hasGivenUpSpares: boolean
  /** When nothing could be unloaded at this level: not tried again at once, but `until`. */
  readonly nothingLeft: { readonly level: PressureLevel; readonly at: number; readonly until: number } | undefined
  readonly exhaustion: ExhaustionState
}

export const noRelief: ReliefState = {
  trimmed: undefined,
  asked: new Set(),
  hasGivenUpSpares: false,
  nothingLeft: undefined,
  exhaustion: notExhausted,
}

export interface ReliefStep {
  readonly state: ReliefState
  readonly actions: readonly Action[]
  readonly measure: boolean
  readonly lookIn: number
}

/**
 * What pressure asks for, in this order, each once the one before is done: spare workers go and components drop what they can (from lowThreshold on);
 * components are unloaded, one at a time, each by figures taken after the one before was gone; and it is told when nothing could go. Where
 * memory fills up faster than that, nobody is asked to trim first.
 *
 * @param unloads something is being unloaded, or will be, for another reason.
 */
export function stepRelief(
  state: ReliefState,
  pressure: PressureState,
  account: AccountSnapshot,
  options: MemoryOptions,
  policy: UnloadPolicy,
  unloads: boolean,
): ReliefStep {
  const idle = { measure: false, lookIn: Number.POSITIVE_INFINITY }
  if (!pressure.trim) {
    const actions: Action[] = !state.hasGivenUpSpares ? [] : [{ kind: 'restore-spares' }]
    return { state: noRelief, actions, ...idle }
  }
  const level = levelToRelieve(pressure.level, account, options)
  const need = toFree(level, account, options)
  const urgent = isUrgent(account)
  const made = makeDo(state, level, need, account, urgent)
  const step = { ...idle, ...made }
  if (level === 'low') return { ...step, state: { ...step.state, exhaustion: notExhausted } }
  if (need <= 0) return { ...step, state: { ...step.state, exhaustion: unseen(step.state.exhaustion) } }
  // Nothing more can be done than to ask again.
  if (!options.autoUnloadEnabled) return { ...step, lookIn: MEDIUM_DWELL }

  const soon = { ...step, lookIn: SHORTEST_LOOK }
  const isWaiting = made.actions.length > 0 || (account.trimming > 0 && hasTimeToTrim(made.state, level, account))
  if (unloads || account.unloading || (isWaiting && !urgent)) return soon
  if (!isFresh(account)) return { ...soon, measure: true }
  if (isResting(made.state, level, account)) return { ...step, lookIn: restOf(made.state, account) }
  const plan = planUnload(policy, candidatesIn(account), level, need)
  const [victim] = plan.victims
  if (victim) {
    const exhaustion = somethingGoes(made.state.exhaustion, componentNamed(victim.name, account))
    return {
      ...soon,
      state: { ...made.state, exhaustion, nothingLeft: undefined },
      actions: [...made.actions, { kind: 'unload', name: victim.name, reason: 'pressure', request: undefined, plan }],
    }
  }
  const left = nothingLeft(made.state, level, need, account, plan.kept, made.actions)
  return { ...left, measure: false, lookIn: restOf(left.state, account) }
}

const componentNamed = (name: string, { components }: AccountSnapshot): ComponentSnapshot | undefined =>
  components.find((each) => each.name === name)

/** ms until it is tried again. */
const restOf = ({ nothingLeft }: ReliefState, { time }: AccountSnapshot): number =>
  nothingLeft ? Math.max(1, Math.min(RETRY, nothingLeft.until - time)) : RETRY

/** Critical is left half a minute after it has passed; what usage is by then is no better for it, and high has something to say on it. */
function levelToRelieve(level: PressureLevel, account: AccountSnapshot, options: MemoryOptions): PressureLevel {
  return level === 'critical' && toFree(level, account, options) === 0 ? 'high' : level
}

/** Bytes, but those of what is leaving already. */
function toFree(level: PressureLevel, account: AccountSnapshot, options: MemoryOptions): number {
  return Math.max(0, bytesToFree(level, account, options) - account.leaving)
}

/** Growth of usage that reaches the limit before two unloads are done: there is no time for anything else. */
function isUrgent({ limit, usage, growth, unloadTime }: AccountSnapshot): boolean {
  return growth > 0 && limit - usage <= growth * unloadTime * 2
}

/** Who is at work may answer late, and at critical pressure nobody waits for that: those that may go are idle, and have answered. */
function hasTimeToTrim({ trimmed }: ReliefState, level: PressureLevel, { time }: AccountSnapshot): boolean {
  return level !== 'critical' || !trimmed || time - trimmed.at < LONGEST_LOOK
}

/** Spares go, and components drop what they can. */
function makeDo(
  state: ReliefState,
  level: PressureLevel,
  need: number,
  account: AccountSnapshot,
  urgent: boolean,
): { state: ReliefState; actions: Action[] } {
  const actions: Action[] = []
  let next = state
  if (!state.hasGivenUpSpares) {
    next = { ...next, hasGivenUpSpares: true }
    actions.push({ kind: 'give-up-spares' })
  }
  const due = urgent ? [] : dueForTrim(state, level, need, account)
  if (due.length > 0) {
    const alive = account.components.map(({ key }) => key).filter((key) => state.asked.has(key))
    const asked = new Set([...alive, ...due.map(({ key }) => key)])
    next = { ...next, asked, trimmed: { level, at: account.time } }
    actions.push({ kind: 'trim', names: due.map(({ name }) => name), level, need })
  }
  return { state: next, actions }
}

/** Each once at low; above it all, again and again, for as long as something has to go. */
function dueForTrim(
  { trimmed, asked }: ReliefState,
  level: PressureLevel,
  need: number,
  { components, time }: AccountSnapshot,
): AccountSnapshot['components'] {
  const ready = components.filter(({ phase }) => phase === 'ready')
  if (level === 'low') return ready.filter(({ key }) => !asked.has(key))
  if (need <= 0) return []
  return !trimmed || !isAtLeast(trimmed.level, level) || time - trimmed.at >= MEDIUM_DWELL ? ready : []
}

/** Idle floors and residencies end unannounced; what has become idle, or worse, is worth another look at once. */
function isResting(
  { nothingLeft }: ReliefState,
  level: PressureLevel,
  { time, idleAt, changedAt }: AccountSnapshot,
): boolean {
  if (!nothingLeft || nothingLeft.at <= Math.max(idleAt, changedAt)) return false
  return time < nothingLeft.until && isAtLeast(nothingLeft.level, level)
}

function nothingLeft(
  state: ReliefState,
  level: Exclude<PressureLevel, 'low'>,
  missing: number,
  account: AccountSnapshot,
  kept: readonly Kept[],
  actions: readonly Action[],
): { state: ReliefState; actions: readonly Action[] } {
  const { components, reserved, time } = account
  // What comes just now may change everything: what is reserved is not there yet, what loads may be idle at once.
  if (missing <= reserved || components.some(({ phase }) => phase === 'loading')) return { state, actions }
  const { state: exhaustion, action, at } = stepExhaustion(state.exhaustion, level, missing, account, kept)
  const until = Math.min(time + RETRY, at > time ? at : Number.POSITIVE_INFINITY)
  const next: ReliefState = { ...state, exhaustion, nothingLeft: { level, at: time, until } }
  return { state: next, actions: action ? [...actions, action] : actions }
}
