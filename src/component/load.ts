import { messageOf } from '../contract/describe-value.ts'
import type { ResourceLimits } from 'node:worker_threads'
import type { GenerationEnd } from '../channel/generation-end.ts'
import {
  ComponentLoadError,
  isComponentLoadError,
  isInsufficientMemoryError,
  isSpillwayError,
} from '../contract/errors.ts'
import { afterDeadline, Patience, withDeadline } from '../base/deadline.ts'
import { abortable } from '../host/abortable.ts'
import { dependencyOptions } from '../host/control.ts'
import type { InitMessage } from '../host/control.ts'
import type { Generation, LoadOutcome } from '../host/generation.ts'
import { defaultResourceLimits, limitThatDidNotTake } from '../host/resource-limits.ts'
import type { ComponentHost } from '../host/component-host.ts'
import type { ProcessOptions } from '../host/process/process-host.ts'
import { ProcessHost } from '../host/process/process-host.ts'
import { WorkerHost } from '../host/worker-host.ts'
import type { WorkerOptions } from '../host/worker-host.ts'
import { tellCopied } from './copied-notice.ts'
import type { ResolvedDefinition } from './definition.ts'
import { isolationOf, tellMove } from './isolation.ts'
import type { Hibernation } from './hibernation.ts'
import { failedLoad, notStarted } from './failed-load.ts'
import { endChildren } from './left-children.ts'
import { askCurrent } from './peer.ts'
import type { Peers } from './peer.ts'
import type { Surroundings } from './surroundings.ts'
import { terminateDeadline } from './terminate-deadline.ts'

/** ms: a worker that is stuck does not answer. */
const statisticsDeadline = 1_000

/** What a load needs of the component. */
export interface LoadPort {
  /** Of the component. */
  readonly component: string
  /** Of the copy. */
  readonly name: string
  readonly definition: ResolvedDefinition
  /** The native addons that its generations have loaded. */
  readonly addons: Iterable<string>
  readonly surroundings: Peers &
    Pick<Surroundings, 'admit' | 'predecessorsGone' | 'spares' | 'defaultWorkerOptions' | 'logger' | 'limitIgnored'>
  readonly hibernation: Pick<Hibernation, 'restore' | 'notRestored'>
  /** Ends the load. */
  readonly loadSignal: AbortSignal
  /** Makes a worker that of the generation being loaded. */
  adopt(host: ComponentHost): Generation
}

export type StartOutcome =
  | { readonly type: 'ready'; readonly generation: Generation }
  | {
      readonly type: 'failed'
      readonly error: unknown
      /** What was started, and how it ended; `gone`: false when its thread is still alive. */
      readonly worker?: { readonly generation: Generation; readonly end: GenerationEnd; readonly gone: boolean }
    }

/** ms that one to be loaded beside its predecessor waits for memory. Guessed: calls may wait for it, and they can be had sooner without it. */
const patienceBeside = 1_000

/** There is no memory for a generation beside the one that it is to replace. */
export class NoRoomBeside extends Error {}

export function isForWantOfMemory(error: unknown): boolean {
  return error instanceof NoRoomBeside || isInsufficientMemoryError(error)
}

/**
 * All that a load waits for before it begins: its dependencies, those that had its name before, and memory.
 *
 * @param beside its predecessor is there until it is ready: it does not wait for long.
 * @returns the memory reserved for it.
 * @throws what made it impossible; the signal's reason when that was aborted.
 */
export async function roomToLoad(port: LoadPort, path: readonly string[], beside: boolean): Promise<Disposable> {
  const { surroundings, loadSignal } = port
  const tooLate = new AbortController()
  const signal = beside ? AbortSignal.any([loadSignal, tooLate.signal]) : loadSignal
  let room: Disposable | undefined
  let cancel: (() => void) | undefined
  try {
    await abortable(Promise.all([loadDependencies(port, path), surroundings.predecessorsGone()]), signal)
    if (beside) cancel = afterDeadline(patienceBeside, () => tooLate.abort(new NoRoomBeside()))
    room = await surroundings.admit(signal)
    signal.throwIfAborted()
    return room
  } catch (error) {
    room?.[Symbol.dispose]()
    throw signal.aborted ? signal.reason : error
  } finally {
    cancel?.()
  }
}

/** The load itself: worker, module, initialiser. One that failed has ended its worker for good: a retry does not meet it. */
export async function startGeneration(port: LoadPort): Promise<StartOutcome> {
  const isolation = isolationOf(port)
  const outcome = await startOnce(port)
  // It was kept from loading an addon that another thread has loaded: that is found out only now.
  const isMoved = outcome.type === 'failed' && isolationOf(port) !== isolation && !port.loadSignal.aborted
  return isMoved && outcome.worker?.gone !== false ? startOnce(port) : outcome
}

async function startOnce(port: LoadPort): Promise<StartOutcome> {
  // All of it: that it had to wait for memory is not the component's fault.
  using patience = new Patience(port.definition.timeout)
  let generation: Generation | undefined
  let end: GenerationEnd = { reason: 'terminated' }
  try {
    const host = takeWorker(port)
    host.onCopied(() => tellCopied(port.definition, port.surroundings.logger))
    generation = port.adopt(host)
    void endsChildren(port, generation)
    const outcome = await loadInWorker(port, generation, patience)
    if (outcome.type === 'ready') {
      void warnOfLimit(port, generation)
      return { type: 'ready', generation }
    }
    if (outcome.type === 'ended') ({ end } = outcome)
    throw port.loadSignal.aborted && outcome.type === 'ended'
      ? port.loadSignal.reason
      : failedLoad(port.component, port.definition, outcome)
  } catch (cause) {
    const error =
      isSpillwayError(cause) || port.loadSignal.aborted ? cause : notStarted(port.component, port.definition, cause)
    if (!generation) return { type: 'failed', error }
    const gone = await generation.host.terminate(terminateDeadline)
    return { type: 'failed', error, worker: { generation, end, gone } }
  }
}

/** However it ends: one that is unloaded has none left by then. */
async function endsChildren({ component, surroundings }: LoadPort, generation: Generation): Promise<void> {
  await generation.host.ended
  await endChildren(component, generation, surroundings.logger)
}

async function loadDependencies(
  { surroundings, definition, component: name, loadSignal }: LoadPort,
  path: readonly string[],
): Promise<void> {
  const needed = definition.dependencies.filter((each) => !definition.optionalDependencies.includes(each))
  const results = await Promise.allSettled(
    needed.map(async (dependency) =>
      askCurrent(surroundings, dependency, async (each) => {
        loadSignal.throwIfAborted()
        await each.load({ by: 'dependency', of: name }, path)
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

function takeWorker(port: LoadPort): ComponentHost {
  const { definition, surroundings } = port
  const isolation = isolationOf(port)
  tellMove(port, surroundings.logger)
  const { env, argv, execArgv, cwd, uid, gid, module } = definition
  const resourceLimits = ownLimits(definition, surroundings.defaultWorkerOptions)
  const own = definedOnly({ resourceLimits, env, argv, execArgv, cwd, uid, gid })
  if (Object.keys(own).length === 0) return surroundings.spares.take(isolation)
  const options = { ...surroundings.defaultWorkerOptions, ...own }
  return isolation === 'process' ? new ProcessHost({ ...options, module }) : new WorkerHost(options)
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

function definedOnly(options: ProcessOptions): ProcessOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

async function loadInWorker(port: LoadPort, generation: Generation, patience: Patience): Promise<LoadOutcome> {
  const { definition, surroundings, loadSignal: signal } = port
  const stop = (): void => void generation.host.terminate(0)
  signal.addEventListener('abort', stop, { once: true })
  try {
    // The other half is for starting without it.
    const snapshot = await withDeadline(port.hibernation.restore(patience.left / 2), patience.left, signal)
    const outcome = await generation.load(
      {
        name: definition.name,
        instance: port.name,
        module: definition.module,
        export: definition.export,
        config: definition.config,
        maxQueue: definition.maxQueue,
        idempotent: definition.idempotent,
        dependencies: definition.dependencies,
        logLevel: surroundings.logger.level,
        snapshot,
        hibernates: definition.hibernate.isAsked,
        dependencyOptions: optionsOfDependencies(port),
        environment: generation.host.environmentChange(),
        refusesAddons: definition.isolation === 'auto',
      },
      Math.max(1, patience.left),
    )
    if (outcome.type !== 'ready' && !signal.aborted) port.hibernation.notRestored(generation.restoring)
    return outcome
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Of those that are registered; a worker that has got these is told of what is registered later. */
function optionsOfDependencies({ definition, surroundings }: LoadPort): InitMessage['dependencyOptions'] {
  return Object.fromEntries(
    definition.dependencies.flatMap((name) => {
      const found = surroundings.peerIfAny(name)?.definition
      return found ? [[name, dependencyOptions(found)]] : []
    }),
  )
}

async function warnOfLimit({ definition, surroundings }: LoadPort, { host }: Generation): Promise<void> {
  const defaults = surroundings.defaultWorkerOptions
  const limits = ownLimits(definition, defaults) ?? defaults.resourceLimits
  if (!(host instanceof WorkerHost) || !limits) return
  // A worker that is gone by now, or is stuck, has nothing to compare.
  const actual = await withDeadline(limitThatDidNotTake(host.worker, limits), statisticsDeadline).catch(() => undefined)
  if (actual === undefined) return
  // Advice comes of it, which is logged once and not with every load.
  surroundings.limitIgnored({ asked: (limits.maxOldGenerationSizeMb ?? 0) * 1024 ** 2, actual })
}
