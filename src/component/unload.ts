import type { GenerationEnd } from '../channel/generation-end.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { Patience, withDeadline } from '../base/deadline.ts'
import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import type { ComponentOrigin } from '../contract/component-origin.ts'
import type { SnapshotError } from '../contract/errors.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { Generation } from '../host/generation.ts'
import { outcomeOf, whyOf } from '../words/decision-words.ts'
import { nativeWorkOver } from './native-work.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Hibernation } from './hibernation.ts'
import type { Lifecycle } from './lifecycle.ts'
import { endChildren } from './left-children.ts'
import type { MainThreadEnd } from './main-thread-end.ts'
import type { Surroundings } from './surroundings.ts'
import { terminateDeadline } from './terminate-deadline.ts'
import type { Usage } from './usage.ts'
import type { Zombies } from './zombies.ts'

/** What an unload was decided by; null: somebody asked for it by name. */
export type Decided = AutomaticDecision | null
export type MaybeUnloaded = Promise<UnloadReport | undefined>

export interface UnloadOrder {
  readonly reason: UnloadReason
  /** ms that calls under way are given. */
  readonly deadline: number
  readonly onlyIfIdle: boolean
  /** null: somebody asked for it by name. */
  readonly decision: AutomaticDecision | null
  /** Aborted when somebody cannot wait for `deadline`: what is under way is given no more time. */
  readonly hurry: AbortSignal
}

/** What an unload needs of the component. */
export interface UnloadPort {
  readonly component: string
  readonly origin: ComponentOrigin
  readonly definition: Pick<ResolvedDefinition, 'disposeTimeout'>
  readonly surroundings: Pick<Surroundings, 'measure' | 'memoryReturn' | 'metricsTakers' | 'logger'>
  readonly hibernation: Pick<Hibernation, 'take'>
  readonly main: Pick<MainThreadEnd, 'caller' | 'quiet'>
  readonly usage: Pick<Usage, 'leases'>
  readonly inUse: number
  /** Calls that wait, and may be sent to it. */
  readonly waiting: number
  /** What it was asked to keep is kept for the next generation. */
  readonly hibernates: boolean
  readonly state: Pick<Lifecycle, 'generation'>
  readonly zombies: Pick<Zombies, 'size'>
  /** The native addons that its generations have loaded. */
  readonly addons: Iterable<string>
  /** The live one: no longer that which is being unloaded once that has died. */
  readonly generation: Generation | undefined
  /** Aborted when there will be no next generation. */
  readonly loadSignal: AbortSignal
  /** Nothing that was sent to the generation will be answered any more. */
  settle(generation: Generation, end: GenerationEnd): void
}

/** A worker that is gone, or was given up on; what is left is to give its memory back. */
export interface Ending extends Omit<UnloadReport, 'released' | 'retained' | 'how' | 'outcome'> {
  /** Resident set just before it was ended, bytes; undefined when it died by itself. */
  readonly residentSet: number | undefined
  /** It held its memory by itself, in a process: with that it is back. */
  readonly isOwn: boolean
}

export type DrainOutcome =
  /** It is in use, or its state cannot be kept (`failure`): it goes on as if nothing had been. */
  | { readonly type: 'called-off'; readonly failure?: SnapshotError }
  | {
      readonly type: 'drained'
      /** What is known by then, which is all when the worker has died meanwhile. */
      readonly ending: Ending
      /** ms in which the worker must show that it listens; undefined: there is no reason to doubt that it does. */
      readonly patience: number | undefined
    }

/** ms: a worker that has not answered by its drain deadline, and does not even listen for this long, is stuck. */
const stuckAfter = 1_000

/** How a generation ends that is unloaded. */
export const unloadedEnd: GenerationEnd = { reason: 'terminated' }

/** The first part of an unload: fence, drain, and its state kept for the next generation. */
export async function drainGeneration(
  port: UnloadPort,
  generation: Generation,
  order: UnloadOrder,
): Promise<DrainOutcome> {
  const { origin, surroundings } = port
  const start = monotonicNow()
  // Beside the drain: the fence comes first, and what it takes to measure is not added to what callers wait.
  const measuring = surroundings.measure()
  using time = new Patience(order.deadline)
  const remaining = (): number => (order.hurry.aborted ? 0 : time.left)
  const drained = await drain(port, generation, order, remaining)
  // The deadline of what is under way is now, whatever the rest of the unload takes.
  if (drained === 'late' && port.generation === generation) port.settle(generation, unloadedEnd)
  const predicted = await measuring
  if (drained === 'busy') return { type: 'called-off' }
  // A worker that does not answer in time may be stuck, and is not waited for twice.
  let patience = drained === 'late' ? stuckAfter : undefined
  if (port.hibernates && drained !== 'ended' && port.generation === generation) {
    const failure = await port.hibernation.take(generation, order.reason, port.loadSignal, patience)
    if (failure === 'stuck') patience = 1
    else if (failure) return { type: 'called-off', failure }
  }
  const times = { drain: monotonicNow() - start, dispose: 0, terminate: 0 }
  const { reason, decision } = order
  const ending = {
    ...origin,
    generation: generation.number,
    reason,
    decision,
    why: decision && whyOf(decision),
    predicted,
    children: [],
    times,
    zombie: false,
    residentSet: undefined,
    isOwn: generation.host.isolation === 'process',
  }
  return { type: 'drained', ending, patience }
}

/** The second part: dispose and terminate. With its end the component may be loaded again. */
export async function endGeneration(
  { component, definition, surroundings, addons }: UnloadPort,
  generation: Generation,
  { ending, patience }: Extract<DrainOutcome, { type: 'drained' }>,
): Promise<Ending> {
  const { memoryReturn, metricsTakers, logger } = surroundings
  // From here on: what the dispose hook frees is part of what the unload gives back.
  const residentSet = memoryReturn.residentSet()
  const disposing = monotonicNow()
  await metricsTakers.takeLast(component, generation, patience ?? definition.disposeTimeout)
  const disposed = await generation.dispose(definition.disposeTimeout, patience ?? definition.disposeTimeout)
  if (disposed === 'late') logger.warn({ component }, 'worker stuck, or its dispose hook not done in time; ending it')
  else if (disposed !== 'ended' && disposed.error !== undefined) {
    logger.error({ component, err: disposed.error }, 'dispose hook failed')
  }
  await nativeWorkOver(generation, addons)
  const terminating = monotonicNow()
  // While the thread is there to take note of their end.
  const children = await endChildren(component, generation, logger)
  const gone = await generation.host.terminate(terminateDeadline)
  const times = { ...ending.times, dispose: terminating - disposing, terminate: monotonicNow() - terminating }
  return { ...ending, children, times, zombie: !gone, residentSet }
}

/** The last part: gives the memory back to the operating system as far as that can be done now, and reports. */
export async function reclaimAfter(
  surroundings: Pick<Surroundings, 'memoryReturn' | 'unloaded' | 'standing'>,
  { residentSet, isOwn, ...ending }: Ending,
): Promise<UnloadReport> {
  const { memoryReturn } = surroundings
  const { predicted, zombie } = ending
  const report = (released: number, how: readonly string[]): UnloadReport => {
    const given = { ...ending, released, retained: Math.max(0, predicted - released), how }
    return { ...given, outcome: outcomeOf(given, surroundings.standing()) }
  }
  // It died by itself: what a process held is back all the same.
  if (residentSet === undefined) return report(isOwn ? predicted : 0, [])
  const told = (given: UnloadReport): UnloadReport => {
    surroundings.unloaded(given)
    return given
  }
  if (isOwn) return told(report(zombie ? 0 : predicted, zombie ? [] : ['its process ended']))
  const how = zombie ? [] : await memoryReturn.afterUnload(predicted)
  // A worker that lives on has given nothing back, whatever else has become smaller meanwhile.
  return told(report(zombie ? 0 : Math.max(0, residentSet - memoryReturn.residentSet()), how))
}

/** The report when there was no worker to end. */
export function nothingUnloaded(
  { origin, state, zombies }: Pick<UnloadPort, 'origin' | 'state' | 'zombies'>,
  reason: UnloadReason,
): UnloadReport {
  const times = { drain: 0, dispose: 0, terminate: 0 }
  const zombie = zombies.size > 0
  return {
    ...origin,
    generation: state.generation,
    reason,
    predicted: 0,
    released: 0,
    retained: 0,
    how: [],
    children: [],
    times,
    zombie,
    decision: null,
    why: null,
    outcome: null,
  }
}

/** One report of all copies, which were unloaded side by side. */
export function togetherUnloaded([first, ...others]: readonly UnloadReport[]): UnloadReport {
  if (!first) throw new Error('No component is without copies')
  let { instance: _instance, ...sum } = first
  if (others.length === 0) return first
  for (const each of others) {
    const longer = (phase: keyof UnloadReport['times']): number => Math.max(sum.times[phase], each.times[phase])
    sum = {
      ...sum,
      generation: Math.max(sum.generation, each.generation),
      predicted: sum.predicted + each.predicted,
      released: sum.released + each.released,
      retained: sum.retained + each.retained,
      how: [...new Set([...sum.how, ...each.how])],
      children: [...sum.children, ...each.children],
      times: { drain: longer('drain'), dispose: longer('dispose'), terminate: longer('terminate') },
      zombie: sum.zombie || each.zombie,
    }
  }
  return sum
}

async function drain(
  port: UnloadPort,
  generation: Generation,
  { reason, onlyIfIdle, deadline, hurry }: UnloadOrder,
  remaining: () => number,
): Promise<'drained' | 'busy' | 'late' | 'ended'> {
  const { caller } = port.main
  const { leases } = port.usage
  if (onlyIfIdle) {
    if (port.inUse > 0) return 'busy'
  } else if (
    leases.held > 0 &&
    deadline > 0 &&
    reason !== 'recycled' &&
    port.generation === generation &&
    !port.loadSignal.aborted
  ) {
    // Whoever holds a lease may go on calling; the fence comes when the last one is given back, or time is up.
    await withDeadline(leases.over(), Math.max(0, remaining()), hurry)
  }
  const quiet = async (): Promise<boolean> => {
    await port.main.quiet(generation.number)
    return true
  }
  // An idle component answers at once, unless it is stuck in something that is no call; it is not worth more than a second.
  const patience = onlyIfIdle ? 1_000 : Math.max(1, remaining())
  const outcome = await generation.drain(onlyIfIdle, patience, (epoch) => caller.fence(generation.number, epoch), hurry)
  if (outcome === 'late' && onlyIfIdle) return 'busy'
  if (outcome !== 'drained') return outcome
  // The worker has answered everything; the last answers may still be on their way.
  if (!(await withDeadline(quiet(), Math.max(1, onlyIfIdle ? patience : remaining()), hurry))) return 'late'
  // Calls that came meanwhile would only load it again.
  return onlyIfIdle && (port.waiting > 0 || leases.held > 0) ? 'busy' : 'drained'
}
