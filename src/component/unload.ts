import type { UnloadReport } from '../contract/unload-report.ts'
import type { GenerationEnd } from '../channel/caller.ts'
import { Patience, withDeadline } from '../base/deadline.ts'
import type { Generation } from '../host/generation.ts'
import { buried } from './burial.ts'
import type { UnloadReason } from '../contract/unload-report.ts'
import type { Supervisor } from './supervisor.ts'

export interface UnloadOrder {
  readonly reason: UnloadReason
  /** ms that calls under way are given. */
  readonly deadline: number
  readonly onlyIfIdle: boolean
  /** Aborted when somebody cannot wait for `deadline`: what is under way is given no more time. */
  readonly hurry: AbortSignal
}

/** A worker that is gone, or was given up on; what is left is to give its memory back. */
export interface Ending extends Omit<UnloadReport, 'released' | 'retained' | 'how'> {
  /** Resident set just before it was ended, bytes; undefined when it died by itself. */
  readonly residentSet: number | undefined
}

/** ms: a worker that has not answered by its drain deadline, and does not even listen for this long, is stuck. */
const stuckAfter = 1_000

const ended: GenerationEnd = { reason: 'terminated' }

/**
 * The first part of an unload, from `draining` to `unloaded`: fence, drain, dispose, terminate. With its end the component may be loaded again.
 *
 * @returns undefined when `onlyIfIdle` and the component got in use: it is `ready` again.
 */
export async function endGeneration(
  supervisor: Supervisor,
  generation: Generation,
  order: UnloadOrder,
): Promise<Ending | undefined> {
  const { surroundings, definition, name } = supervisor
  const { now, reclaimer, logger } = surroundings
  const start = now()
  // Beside the drain: the fence comes first, and what it takes to measure is not added to what callers wait.
  const measuring = surroundings.measure(supervisor)
  using time = new Patience(order.deadline)
  const remaining = (): number => (order.hurry.aborted ? 0 : time.left)
  const drained = await drain(supervisor, generation, order, remaining)
  // The deadline of what is under way is now, whatever the rest of the unload takes.
  if (drained === 'late' && supervisor.generation === generation) supervisor.settle(generation, ended)
  const predicted = await measuring
  if (drained === 'busy') {
    callOff(supervisor, generation)
    return undefined
  }
  // A worker that does not answer in time may be stuck, and is not waited for twice.
  let patience = drained === 'late' ? stuckAfter : undefined
  if (drained !== 'ended' && supervisor.generation === generation) {
    const failure = await supervisor.hibernation.take(generation, order.reason, supervisor.loadSignal, patience)
    if (failure === 'stuck') patience = 1
    else if (failure) {
      callOff(supervisor, generation)
      if (order.onlyIfIdle) return undefined
      throw failure
    }
  }
  const times = { drain: now() - start, dispose: 0, terminate: 0 }
  const base = { name, generation: generation.number, reason: order.reason, predicted }
  // It died meanwhile: that was a crash, and all that follows from one is done.
  if (supervisor.generation !== generation) return { ...base, times, zombie: false, residentSet: undefined }
  supervisor.apply({ type: 'drained' })
  supervisor.settle(generation, ended)

  // From here on: what the dispose hook frees is part of what the unload gives back.
  const residentSet = reclaimer.residentSet()
  const disposing = now()
  const disposed = await generation.dispose(definition.disposeTimeout, patience ?? definition.disposeTimeout)
  if (disposed === 'late')
    logger.warn({ component: name }, 'worker stuck, or its dispose hook not done in time; ending it')
  else if (disposed !== 'ended' && disposed.error !== undefined) {
    logger.error({ component: name, err: disposed.error }, 'dispose hook failed')
  }
  times.dispose = now() - disposing

  const terminating = now()
  void generation.host.terminate(0)
  const dead = await buried(supervisor, generation)
  times.terminate = now() - terminating
  supervisor.counters.unloads++
  supervisor.retire(generation, ended)
  supervisor.apply({ type: dead ? 'gone' : 'still-alive' })
  return { ...base, times, zombie: !dead, residentSet }
}

/** The second part: gives the memory back to the operating system as far as that can be done now, and reports. */
export async function reclaimAfter(
  { surroundings }: Supervisor,
  { residentSet, ...ending }: Ending,
): Promise<UnloadReport> {
  const { reclaimer } = surroundings
  const { predicted, zombie } = ending
  if (residentSet === undefined) return { ...ending, released: 0, retained: predicted, how: [] }
  const how = zombie ? [] : await reclaimer.afterUnload(predicted)
  // A worker that lives on has given nothing back, whatever else has become smaller meanwhile.
  const released = zombie ? 0 : Math.max(0, residentSet - reclaimer.residentSet())
  const report = { ...ending, released, retained: Math.max(0, predicted - released), how }
  surroundings.unloaded(report)
  return report
}

/** The report when there was no worker to end. */
export function nothingUnloaded({ name, state, zombies }: Supervisor, reason: UnloadReason): UnloadReport {
  const times = { drain: 0, dispose: 0, terminate: 0 }
  const zombie = zombies.size > 0
  return { name, generation: state.generation, reason, predicted: 0, released: 0, retained: 0, how: [], times, zombie }
}

/** The component goes on as if nothing had been. A crash meanwhile has said so itself. */
function callOff(supervisor: Supervisor, generation: Generation): void {
  if (supervisor.generation !== generation) return
  supervisor.apply({ type: 'drain-called-off' })
  generation.resume((epoch) => supervisor.caller.resume(epoch))
  // What was under way may have been given up already, and its connection with it.
  if (!supervisor.caller.connected) supervisor.caller.attach(generation.connect(), generation.number)
}

async function drain(
  supervisor: Supervisor,
  generation: Generation,
  { onlyIfIdle, deadline, hurry }: UnloadOrder,
  remaining: () => number,
): Promise<'drained' | 'busy' | 'late' | 'ended'> {
  if (onlyIfIdle) {
    if (supervisor.inUse > 0) return 'busy'
  } else if (supervisor.leases.held > 0 && deadline > 0) {
    // Whoever holds a lease may go on calling; the fence comes when the last one is given back, or time is up.
    await withDeadline(supervisor.leasesOver(generation), Math.max(0, remaining()), hurry)
  }
  const { caller } = supervisor
  const quiet = async (): Promise<boolean> => {
    await supervisor.quiet()
    return true
  }
  // An idle component answers at once, unless it is stuck in something that is no call; it is not worth more than a second.
  const patience = onlyIfIdle ? 1_000 : Math.max(1, remaining())
  const outcome = await generation.drain(onlyIfIdle, patience, (epoch) => caller.fence(epoch), hurry)
  if (outcome === 'late' && onlyIfIdle) return 'busy'
  if (outcome !== 'drained') return outcome
  // The worker has answered everything; the last answers may still be in the port.
  if (!(await withDeadline(quiet(), Math.max(1, onlyIfIdle ? patience : remaining()), hurry))) return 'late'
  // Calls that came meanwhile would only load it again.
  return onlyIfIdle && (caller.waiting > 0 || supervisor.leases.held > 0) ? 'busy' : 'drained'
}
