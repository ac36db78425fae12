import { headlineOf, messageOf } from '../contract/describe-value.ts'
import { isInstance } from '../contract/is-instance.ts'
import type { ResourceLimits } from 'node:worker_threads'
import type { GenerationEnd } from '../channel/caller.ts'
import {
  ComponentLoadError,
  ComponentLoadTimeoutError,
  isComponentLoadError,
  isSpillwayError,
} from '../contract/errors.ts'
import { Patience, withDeadline } from '../base/deadline.ts'
import { abortable } from '../host/abortable.ts'
import type { InitMessage } from '../host/control.ts'
import type { Generation, LoadOutcome } from '../host/generation.ts'
import { defaultResourceLimits, limitThatDidNotTake } from '../host/resource-limits.ts'
import { WorkerHost } from '../host/worker-host.ts'
import type { WorkerOptions } from '../host/worker-host.ts'
import { askCurrent } from './ask-current.ts'
import { buried } from './burial.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Supervisor } from './supervisor.ts'

/** ms: a worker that is stuck does not answer. */
const statisticsDeadline = 1_000

/**
 * One load, from `loading` to `ready`: dependencies and those that had its name before, memory, worker, module, initialiser, in that order.
 *
 * @throws what made it impossible, after the worker was ended; the state is then `unloaded` or `failed`.
 */
export async function loadGeneration(supervisor: Supervisor, chain: readonly string[]): Promise<void> {
  const { surroundings, definition, name } = supervisor
  const path = [...chain, name]
  const signal = supervisor.loadSignal
  let reservation: Disposable | undefined
  let since = surroundings.now()
  try {
    const before = Promise.all([loadDependencies(supervisor, path), surroundings.predecessorsGone(supervisor)])
    await abortable(before, signal)
    since = surroundings.now()
    reservation = await surroundings.admission.admit(supervisor, signal)
    signal.throwIfAborted()
  } catch (cause) {
    reservation?.[Symbol.dispose]()
    const error: unknown = signal.aborted ? signal.reason : cause
    supervisor.loadOver({ type: 'load-refused' }, error)
    throw error
  }
  try {
    // All of it: that it had to wait for memory is not the component's fault.
    using patience = new Patience(definition.timeout)
    const generation = await startGeneration(supervisor, patience)
    supervisor.apply({ type: 'loaded' })
    void supervisor.hibernation.restored()
    supervisor.counters.loads++
    supervisor.lastLoadTime = surroundings.now() - since
    supervisor.caller.attach(generation.connect(), generation.number)
    surroundings.loaded(supervisor, { name, generation: generation.number, duration: supervisor.lastLoadTime })
    void warnOfLimit(supervisor, generation)
    surroundings.spares.keep()
  } finally {
    reservation[Symbol.dispose]()
  }
}

/**
 * @param patience for its load, all of it.
 * @throws what went wrong, after the worker was ended for good: a retry does not meet it.
 */
async function startGeneration(supervisor: Supervisor, patience: Patience): Promise<Generation> {
  let generation: Generation | undefined
  let end: GenerationEnd = { reason: 'terminated' }
  try {
    generation = supervisor.adopt(takeWorker(supervisor))
    const outcome = await loadInWorker(supervisor, generation, patience)
    if (outcome.type === 'ready') return generation
    if (outcome.type === 'ended') ({ end } = outcome)
    throw failureOf(supervisor, outcome)
  } catch (cause) {
    const { name, loadSignal } = supervisor
    const error =
      isSpillwayError(cause) || loadSignal.aborted
        ? cause
        : new ComponentLoadError(name, `its worker could not be started: ${messageOf(cause)}`, { cause })
    if (generation) await endWorker(supervisor, generation, error, end)
    else supervisor.loadOver({ type: 'load-failed', error }, error)
    throw error
  }
}

async function loadDependencies(
  { surroundings, definition, name, loadSignal }: Supervisor,
  path: readonly string[],
): Promise<void> {
  const needed = definition.dependencies.filter((each) => !definition.optionalDependencies.includes(each))
  const results = await Promise.allSettled(
    needed.map(async (dependency) =>
      askCurrent(surroundings, dependency, async (each) => {
        loadSignal.throwIfAborted()
        await each.load(path)
      }),
    ),
  )
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    const cause: unknown = result.reason
    const dependency = needed[index] ?? ''
    const chain =
      isComponentLoadError(cause) && cause.chain
        ? [name, ...cause.chain.slice(cause.chain.indexOf(dependency))]
        : [name, dependency]
    const reason = `its dependency "${dependency}" failed (${chain.join(' -> ')}): ${messageOf(cause)}`
    throw new ComponentLoadError(name, reason, {
      cause,
      chain,
    })
  }
}

function takeWorker({ definition, surroundings }: Supervisor): WorkerHost {
  const { env, argv, execArgv } = definition
  const resourceLimits = ownLimits(definition, surroundings.defaultWorkerOptions)
  if (!resourceLimits && !env && !argv && !execArgv) return surroundings.spares.take()
  return new WorkerHost({
    ...surroundings.defaultWorkerOptions,
    ...definedOnly({ resourceLimits, env, argv, execArgv }),
  })
}

/** Limits of its own, or those that a memory limit beyond the default's reach asks for; undefined: the default's will do. */
function ownLimits(
  { resourceLimits, memoryLimit }: ResolvedDefinition,
  defaults: WorkerOptions,
): ResourceLimits | undefined {
  if (resourceLimits || memoryLimit === undefined) return resourceLimits
  const needed = defaultResourceLimits(memoryLimit)
  const given = defaults.resourceLimits?.maxOldGenerationSizeMb ?? 0
  return (needed.maxOldGenerationSizeMb ?? 0) > given ? needed : undefined
}

function definedOnly(options: WorkerOptions): WorkerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

async function loadInWorker(supervisor: Supervisor, generation: Generation, patience: Patience): Promise<LoadOutcome> {
  const { definition, surroundings, loadSignal: signal } = supervisor
  const stop = (): void => void generation.host.terminate(0)
  signal.addEventListener('abort', stop, { once: true })
  try {
    // The other half is for starting without it.
    const snapshot = await withDeadline(supervisor.hibernation.restore(patience.left / 2), patience.left, signal)
    const outcome = await generation.load(
      {
        name: definition.name,
        module: definition.module,
        export: definition.export,
        config: definition.config,
        maxQueue: definition.maxQueue,
        dependencies: definition.dependencies,
        logLevel: surroundings.logger.level,
        snapshot,
        hibernates: definition.hibernate.isAsked,
        dependencyOptions: dependencyOptions(supervisor),
        environment: generation.host.environmentChange(),
      },
      Math.max(1, patience.left),
    )
    if (outcome.type !== 'ready' && !signal.aborted) supervisor.hibernation.notRestored(generation.restoring)
    return outcome
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Of those that are registered; a worker that has got these is told of what is registered later. */
function dependencyOptions({ definition, surroundings }: Supervisor): InitMessage['dependencyOptions'] {
  return Object.fromEntries(
    definition.dependencies.flatMap((name) => {
      const found = surroundings.supervisorIfAny(name)?.definition
      return found ? [[name, { callTimeout: found.callTimeout, maxQueue: found.maxQueue }]] : []
    }),
  )
}

function failureOf(
  { name, definition, loadSignal }: Supervisor,
  outcome: Exclude<LoadOutcome, { type: 'ready' }>,
): unknown {
  switch (outcome.type) {
    case 'late':
      return new ComponentLoadTimeoutError(name, definition.timeout)
    case 'failed': {
      const { error: cause } = outcome
      const why = isInstance(cause, Error) ? headlineOf(cause) : `it threw ${messageOf(cause)}`
      return new ComponentLoadError(name, why, { cause })
    }
    case 'ended': {
      if (loadSignal.aborted) return loadSignal.reason
      const { reason, exitCode, cause } = outcome.end
      const why = {
        exit: `its worker exited${exitCode === undefined ? '' : ` with code ${exitCode}`} while loading`,
        error: `its worker died while loading: ${messageOf(cause)}`,
        'out-of-memory': 'its worker ran out of memory while loading',
        'memory-limit': 'its worker passed its memory limit while loading',
        stuck: 'its event loop did not turn any more while loading',
        terminated: 'its worker was ended while loading',
      }[reason]
      return new ComponentLoadError(name, why, { cause })
    }
  }
}

async function endWorker(
  supervisor: Supervisor,
  generation: Generation,
  error: unknown,
  end: GenerationEnd,
): Promise<void> {
  void generation.host.terminate(0)
  const dead = await buried(supervisor, generation)
  const aborted = supervisor.loadSignal.aborted
  supervisor.loadOver(aborted ? { type: 'load-refused' } : { type: 'load-failed', error }, error)
  supervisor.retire(generation, end)
  if (!dead && supervisor.state.status === 'unloaded') supervisor.apply({ type: 'still-alive' })
}

async function warnOfLimit({ definition, surroundings, name }: Supervisor, { host }: Generation): Promise<void> {
  const defaults = surroundings.defaultWorkerOptions
  const limits = ownLimits(definition, defaults) ?? defaults.resourceLimits
  if (!host.worker || !limits) return
  // A worker that is gone by now, or is stuck, has nothing to compare.
  const actual = await withDeadline(limitThatDidNotTake(host.worker, limits), statisticsDeadline).catch(() => undefined)
  if (actual === undefined) return
  // Advice comes of it, which is logged once and not with every load.
  surroundings.limitIgnored(name, { asked: (limits.maxOldGenerationSizeMb ?? 0) * 1024 ** 2, actual })
}
