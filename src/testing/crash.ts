import { withDeadline } from '../base/deadline.ts'
import { expectOneOf, expectOptions, orDefault } from '../base/option-checks.ts'
import { nextTurn } from '../base/timers.ts'
import { terminateDeadline } from '../component/terminate-deadline.ts'
import { ComponentNotLoadedError, InvalidOptionsError } from '../contract/errors.ts'
import { forCaller } from '../channel/error-for-caller.ts'
import type { CrashReason } from '../contract/errors.ts'
import type { CrashEvent } from '../contract/events.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { Generation } from '../host/generation.ts'
import { expectCoordinator } from './expect-coordinator.ts'

export interface CrashOptions {
  /**
   * How it dies. 'exit': it calls `process.exit(1)`; 'error': it throws what nobody catches; 'signal', only in a process: it is killed by SIGKILL. 'stuck',
   * 'memory-limit', 'out-of-memory' and 'terminated': it is ended from outside, as the coordinator does for that reason. Default: 'exit' in a thread,
   * 'signal' in a process.
   */
  readonly reason?: CrashReason
}

const reasons: readonly CrashReason[] = [
  'exit',
  'error',
  'signal',
  'stuck',
  'memory-limit',
  'out-of-memory',
  'terminated',
]
/** ms in which a worker that is told to die by itself has to: one that is stuck in a loop does not hear of it, and is ended. */
const hearing = 1_000

/**
 * Ends the worker of a component as a crash does: its calls in flight reject with ComponentCrashedError (`outcome: 'unknown'`), `crash` is emitted, and it
 * counts towards the back-off (`restart`). One that is being loaded is loaded first; of several copies each crashes.
 *
 * @returns what was told of the crash (of the last copy), once it was, and what was in flight has been rejected.
 * @throws ComponentNotLoadedError, ComponentNotFoundError, InvalidOptionsError
 */
export async function crash(
  coordinator: ComponentCoordinator,
  name: string,
  options: CrashOptions = {},
): Promise<CrashEvent> {
  expectCoordinator(coordinator)
  const { reason } = expectOptions(options, ['reason'])
  if (reason !== undefined) expectOneOf('reason', reason, reasons)
  return forCaller(coordinator.parts.keepAlive.during(crashAll(coordinator, name, reason)))
}

async function crashAll(
  coordinator: ComponentCoordinator,
  name: string,
  reason: CrashReason | undefined,
): Promise<CrashEvent> {
  const component = coordinator.parts.registry.get(name)
  if (component.copies.some(({ state }) => state.status === 'loading')) await component.load()
  const loaded = component.copies.flatMap((copy) => (copy.generation ? [copy.generation] : []))
  if (loaded.length === 0)
    throw new ComponentNotLoadedError(name, { why: 'so it has no worker that could crash: call it first' })
  for (const generation of loaded) checkReason(reason, generation)
  const told: CrashEvent[] = []
  const listen = (event: CrashEvent): void => void (event.name === name && told.push(event))
  coordinator.on('crash', listen)
  try {
    await Promise.all(loaded.map(async (generation) => crashCopy(generation, reason)))
  } finally {
    coordinator.off('crash', listen)
  }
  const last = told.at(-1)
  // It was being unloaded, and gone before it could crash.
  if (!last) throw new ComponentNotLoadedError(name, { why: 'it was being unloaded, and gone before it could crash' })
  return last
}

function checkReason(reason: CrashReason | undefined, { host }: Generation): void {
  if (reason !== 'signal' || host.isolation === 'process') return
  const known = reasons.filter((each) => each !== 'signal')
  throw new InvalidOptionsError('reason', `one of ${known.join(', ')} for a component in a thread`, reason)
}

async function crashCopy(generation: Generation, given: CrashReason | undefined): Promise<void> {
  const { host } = generation
  const reason = orDefault(given, host.isolation === 'process' ? 'signal' : 'exit')
  if (reason === 'signal') process.kill(host.pid, 'SIGKILL')
  else if (reason === 'exit' || reason === 'error') await dieByItself(generation, reason)
  else await host.terminate(terminateDeadline, reason)
  await host.ended
  // Who is told of its end does what comes of it, and then rejects what was in flight.
  await nextTurn()
  // Its thread may take a moment longer, in which it cannot be loaded into the same place.
  await host.exited(terminateDeadline)
  await nextTurn()
}

async function dieByItself({ host }: Generation, how: 'exit' | 'error'): Promise<void> {
  host.post({ type: 'crash', how })
  if (!(await withDeadline(host.ended, hearing))) await host.terminate(terminateDeadline, how)
}
