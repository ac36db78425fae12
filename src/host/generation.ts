import type { ActivityReading } from '../channel/activity.ts'
import type { ServedCalls } from '../channel/served-calls.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import { decodeError } from '../channel/error-codec.ts'
import type { ChannelEnd, Transport } from '../channel/transport.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import { ValueError } from '../contract/errors.ts'
import { ChildProcesses } from './child-processes.ts'
import type { FromWorkerMessage, InitMessage } from './control.ts'
import type { Inspection } from './inspect.ts'
import { messageOf } from '../contract/describe-value.ts'
import { withDeadline } from '../base/deadline.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { threadChannels } from '../transport/thread.ts'
import { LoopProbe } from './loop-probe.ts'
import type { ComponentHost } from './component-host.ts'

export type LoadOutcome =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'ended'; readonly end: GenerationEnd; readonly stage: LoadStage }
  | { readonly type: 'late'; readonly stage: LoadStage }

/** 'starting': of the component itself nothing has begun. */
export type LoadStage = 'starting' | 'importing' | 'initialising'

type Reply<T extends FromWorkerMessage['type']> = Extract<FromWorkerMessage, { type: T }>

/** One generation of a component as the main thread sees it: what may be asked of its worker, each with a deadline. */
export class Generation {
  readonly number: number
  readonly host: ComponentHost
  readonly children = new ChildProcesses(() => !this.#ended)
  /** Whether its event loop turns. */
  readonly loop: LoopProbe
  readonly #waiters = new Set<(message: FromWorkerMessage | 'ended') => void>()
  #ended = false
  #epoch = 0
  #trims = 0
  #inspections = 0
  #heapSnapshots = 0
  #collections = 0
  #exposesMetrics = false
  #restoring = false
  #stage: LoadStage = 'starting'
  #keepsState = false
  #served: ServedCalls = { callers: [], errors: [] }
  #questions = 0

  /** @param onMessage gets what the worker says unasked: logs and wishes for dependencies. */
  constructor(number: number, host: ComponentHost, onMessage: (message: FromWorkerMessage) => void) {
    this.number = number
    this.host = host
    this.loop = new LoopProbe(
      () => this.activity,
      (question) => host.post({ type: 'turn', question }),
    )
    host.onMessage((message) => {
      if (message.type === 'exposes-metrics') this.#exposesMetrics = true
      if (message.type === 'child-process') this.children.heard(message.news)
      if (message.type === 'loads') this.#stage = message.stage
      if (message.type === 'ready') this.#keepsState = message.keepsState
      if (message.type === 'calls-told' || message.type === 'disposed') this.#served = message.served
      if (message.type === 'restoring') this.#restoring = message.underWay
      onMessage(message)
      for (const waiter of this.#waiters) waiter(message)
    })
    void host.ended.then(() => {
      this.#ended = true
      for (const waiter of this.#waiters) waiter('ended')
    })
  }

  /** It is over, and `host.ended` tells how. */
  get ended(): boolean {
    return this.#ended
  }

  /** What goes wrong with its load may be due to what the last generation left: it is reading it, or has given it to the component. */
  get restoring(): boolean {
    return this.#restoring
  }

  /** It has state to be kept for the next generation. */
  get keepsState(): boolean {
    return this.#keepsState
  }

  /** Its event loop does not turn because it was asked for something that stops it. */
  get standsStill(): boolean {
    return this.#heapSnapshots > 0
  }

  get activity(): ActivityReading {
    return this.host.activity.read()
  }

  /** @param init its snapshot is moved to the worker. */
  async load(init: Omit<InitMessage, 'type' | 'generation' | 'activity'>, timeout: number): Promise<LoadOutcome> {
    const reply = this.#expect(['ready', 'load-failed', 'init-unreadable'], timeout)
    const message: InitMessage = { ...init, type: 'init', generation: this.number, activity: this.host.activity.shared }
    try {
      this.host.post(message, init.snapshot ? [init.snapshot.buffer] : [])
    } catch (cause) {
      const error = new ValueError(init.name, 'config', `cannot be sent to its worker: ${messageOf(cause)}`, { cause })
      return { type: 'failed', error }
    }
    const outcome = await reply
    if (outcome === 'late') return { type: 'late', stage: this.#stage }
    // It may have said that it is ready with its last breath.
    if (outcome === 'ended' || (outcome.type === 'ready' && this.#ended)) {
      return { type: 'ended', end: await this.host.ended, stage: this.#stage }
    }
    switch (outcome.type) {
      case 'ready':
        return { type: 'ready' }
      case 'load-failed':
        return { type: 'failed', error: decodeError(outcome.error) }
      case 'init-unreadable': {
        const why = `could not be read by its thread (${outcome.why})`
        return { type: 'failed', error: new ValueError(init.name, 'config', why) }
      }
    }
  }

  /** A new connection to the component for this thread. */
  connect(): Transport {
    const { channels } = this.host
    const [ours, theirs] = channels.pair()
    this.host.post({ type: 'connect', end: theirs, from: undefined }, [theirs])
    return channels.join(ours)
  }

  /** A new connection to the component for the worker of another one: the caller's end of it. */
  connectPeer(from: string): ChannelEnd {
    const [ours, theirs] = threadChannels.pair()
    this.host.post({ type: 'connect', end: theirs, from }, [theirs])
    return ours
  }

  /**
   * Fences all callers and waits until what they sent is answered.
   *
   * @param onlyIfIdle calls the drain off, and says 'busy', when anything is or gets under way.
   * @param fence is given the epoch, so that the main thread's caller fences itself at once.
   * @param hurry ends the wait before the deadline.
   */
  async drain(
    onlyIfIdle: boolean,
    deadline: number,
    fence: (epoch: number) => void,
    hurry: AbortSignal,
  ): Promise<'drained' | 'busy' | 'late' | 'ended'> {
    const epoch = ++this.#epoch
    const reply = this.#expect(['drained', 'busy'], deadline, (message) => message.epoch === epoch, hurry)
    this.host.post({ type: 'drain', epoch, onlyIfIdle })
    fence(epoch)
    const outcome = await reply
    return typeof outcome === 'string' ? outcome : outcome.type
  }

  /**
   * Takes the last drain back: all callers go on.
   *
   * @param resume is given its epoch, for the main thread's caller.
   */
  resume(resume: (epoch: number) => void): void {
    const epoch = this.#epoch
    this.host.post({ type: 'resume', epoch })
    resume(epoch)
  }

  /**
   * The component's snapshot, serialized by V8; undefined when it offers none.
   *
   * @param patience ms in which the worker must show that it listens at all: else it is 'stuck'.
   */
  async takeSnapshot(
    deadline: number,
    patience: number,
  ): Promise<{ readonly value: Uint8Array | undefined } | { readonly error: unknown } | 'late' | 'stuck' | 'ended'> {
    const listening = this.#expect(['taking-snapshot'], patience)
    const reply = this.#expect(['snapshot', 'snapshot-failed'], deadline)
    this.host.post({ type: 'take-snapshot' })
    if ((await listening) === 'late') return 'stuck'
    const outcome = await reply
    if (typeof outcome === 'string') return outcome
    return outcome.type === 'snapshot' ? { value: outcome.value } : { error: decodeError(outcome.error) }
  }

  /**
   * Runs the dispose hook; resolves with what it threw, if it did.
   *
   * @param patience ms in which the worker must show that it listens at all.
   */
  async dispose(deadline: number, patience: number): Promise<{ readonly error?: unknown } | 'late' | 'ended'> {
    const listening = this.#expect(['disposing', 'disposed'], Math.min(patience, deadline))
    const reply = this.#expect(['disposed'], deadline)
    this.host.post({ type: 'dispose' })
    const heard = await listening
    if (typeof heard === 'string') return heard
    const outcome = await reply
    if (typeof outcome === 'string') return outcome
    return outcome.error ? { error: decodeError(outcome.error) } : {}
  }

  /**
   * Asks the component to drop what it can. Resolves with false when it did not answer in time.
   *
   * @param urgent its garbage is collected in any case, also while calls are under way.
   */
  async trim(level: PressureLevel, deadline: number, urgent = false): Promise<boolean> {
    const id = ++this.#trims
    const reply = this.#expect(['trimmed'], deadline, (message) => message.id === id)
    this.host.post({ type: 'trim', id, level, urgent })
    return typeof (await reply) !== 'string'
  }

  /**
   * Has its garbage collected, also while calls are under way, and the component is not told. Resolves with the ms that took; undefined when it did
   * not answer in time.
   */
  async collectGarbage(deadline: number): Promise<number | undefined> {
    const id = ++this.#trims
    const reply = this.#expect(['collected'], deadline, (message) => message.id === id)
    this.host.post({ type: 'collect', id })
    const outcome = await reply
    return typeof outcome === 'string' ? undefined : outcome.took
  }

  /** What the component offers as its own metrics; undefined when it offers none, or did not answer by the deadline (ms). */
  async collectMetrics(deadline: number): Promise<unknown> {
    if (!this.#exposesMetrics) return undefined
    const id = ++this.#collections
    const reply = this.#expect(['metrics'], deadline, (message) => message.id === id)
    this.host.post({ type: 'collect-metrics', id })
    const outcome = await reply
    return typeof outcome === 'string' ? undefined : outcome.metrics
  }

  /** Who has asked what of it, as it has told last. */
  get served(): ServedCalls {
    return this.#served
  }

  /** Has it tell that anew; as it was when it does not answer by the deadline (ms). */
  async askServed(deadline: number): Promise<ServedCalls> {
    const id = ++this.#questions
    const reply = this.#expect(['calls-told'], deadline, (message) => message.id === id)
    this.host.post({ type: 'tell-calls', id })
    await reply
    return this.#served
  }

  /** Has the worker write about itself; resolves with what went wrong, if anything did. */
  async inspect(inspection: Inspection, deadline: number): Promise<{ readonly error?: unknown } | 'late' | 'ended'> {
    const id = ++this.#inspections
    const stops = inspection.what === 'heap-snapshot' ? 1 : 0
    const reply = this.#expect(['inspected'], deadline, (message) => message.id === id)
    this.host.post({ type: 'inspect', id, inspection })
    this.#heapSnapshots += stops
    const outcome = await reply
    this.#heapSnapshots -= stops
    // What it was asked meanwhile it comes to only now.
    if (stops > 0) this.loop.excuse(monotonicNow())
    if (typeof outcome === 'string') return outcome
    return outcome.error ? { error: decodeError(outcome.error) } : {}
  }

  /** The matching answer of the worker, or that it was late, or that the worker ended first. */
  async #expect<T extends FromWorkerMessage['type']>(
    types: readonly T[],
    deadline: number,
    matches: (message: Reply<T>) => boolean = () => true,
    hurry?: AbortSignal,
  ): Promise<Reply<T> | 'late' | 'ended'> {
    const { promise, resolve } = Promise.withResolvers<Reply<T> | 'ended'>()
    const waiter = (message: FromWorkerMessage | 'ended'): void => {
      if (message === 'ended') resolve('ended')
      else if ((types as readonly string[]).includes(message.type) && matches(message as Reply<T>)) {
        resolve(message as Reply<T>)
      }
    }
    this.#waiters.add(waiter)
    if (this.#ended) resolve('ended')
    try {
      return (await withDeadline(promise, deadline, hurry)) ?? 'late'
    } finally {
      this.#waiters.delete(waiter)
    }
  }
}
