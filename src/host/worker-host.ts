import type { ResourceLimits, Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { ChannelEnd, Movable, Transport } from '../channel/transport.ts'
import type { CrashReason } from '../contract/errors.ts'
import { withDeadline } from '../base/deadline.ts'
import { activitySize, readingOf } from '../channel/activity.ts'
import { threadChannels } from '../transport/thread.ts'
import { addonClaims } from './addon-claims.ts'
import { addonGateClosed, closeAddonGate, createAddonGate } from './addon-gate.ts'
import { compiledForWorkers, entryFile } from './packaged.ts'
import type { ComponentHost, MeasuredWorker } from './component-host.ts'
import { ControlInbox } from './control-inbox.ts'
import type { FromWorkerMessage, ToWorkerMessage } from './control.ts'
import { measuredThread } from './measured-thread.ts'
import { sharedRecordSize, ToldMemory } from './told-memory.ts'
import type { Telling } from './told-memory.ts'
import { environmentChange } from './environment-change.ts'
import type { EnvironmentChange } from './environment-change.ts'
import { needsNewThread, workerEnvironment } from './worker-environment.ts'
import type { TaskData } from './thread-worker.ts'
import type { WorkerMemory } from './worker-memory.ts'

const bootstrap = entryFile('bootstrap')

type RunOptions = NonNullable<Parameters<Piscina['run']>[1]>

/** What a worker thread is started with; what is not given is as Node has it. */
export interface WorkerOptions {
  readonly resourceLimits?: ResourceLimits | undefined
  readonly env?: NodeJS.ProcessEnv | readonly string[] | undefined
  readonly argv?: readonly string[] | undefined
  readonly execArgv?: readonly string[] | undefined
}

/**
 * One worker thread, held by one Piscina task that lasts as long as the worker. `ended` settles on every kind of death.
 */
export class WorkerHost implements ComponentHost {
  readonly isolation = 'thread'
  readonly pid = process.pid
  readonly channels = threadChannels
  readonly #shared = new SharedArrayBuffer(sharedRecordSize)
  readonly activity: ComponentHost['activity'] = sharedActivity(this.#shared)
  readonly #pool: Piscina
  readonly #abort = new AbortController()
  readonly #addons = createAddonGate()
  readonly #control: Transport
  readonly #worker: Worker
  readonly #measured: MeasuredWorker
  /** Node's number of the thread; the worker itself forgets it when it ends. */
  readonly id: number
  readonly #exit: Promise<number>
  readonly #options: WorkerOptions
  /** What it was started with. */
  readonly #environment: Readonly<NodeJS.ProcessEnv>
  #onMessage: (message: FromWorkerMessage) => void = () => {}
  readonly #inbox = new ControlInbox((message) => this.#onMessage(message))
  #reason: { readonly reason: CrashReason; readonly cause?: Error } | undefined
  #alive = true
  /** Resolves, never rejects, once the task is over; the thread may take a moment longer to be gone. */
  readonly ended: Promise<GenerationEnd>
  /** Resolves once the worker listens. */
  readonly online: Promise<void>

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#environment = workerEnvironment(options.env)
    this.#pool = new Piscina({
      filename: bootstrap,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 1,
      recordTiming: false,
      workerHistogram: false,
      env: this.#environment,
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
      ...(options.argv && { argv: [...options.argv] }),
      ...(options.execArgv && { execArgv: [...options.execArgv] }),
    })
    // Without a listener an error outside the task would end this process.
    this.#pool.on('error', () => {})
    this.#pool.once('workerCreate', (worker: object) => queueMicrotask(() => unrefTaskPort(worker)))
    const [ours, theirs] = threadChannels.pair()
    this.#control = threadChannels.join(ours)
    const listening = Promise.withResolvers<void>()
    this.online = listening.promise
    this.#control.receive({
      frame: (frame) => {
        if ((frame as FromWorkerMessage).type === 'online') listening.resolve()
        this.#inbox.frame(frame)
      },
      unreadable: () => this.#inbox.unreadable(),
    })
    const worker = this.#start(theirs)
    this.#worker = worker.thread
    this.#measured = measuredThread(worker.thread, new ToldMemory(this.#shared))
    this.id = worker.thread.threadId
    const exited = Promise.withResolvers<number>()
    this.#exit = exited.promise
    let exitCode: number | undefined
    let uncaught: { readonly error: unknown } | undefined
    const ended = Promise.withResolvers<GenerationEnd>()
    this.ended = ended.promise
    const end = (error?: unknown): void => {
      this.#receiveRest()
      // Piscina still has it when the thread was ended before it could take its task.
      threadChannels.join(theirs).close()
      // An uncaught error and the exit it leads to may be told in one turn, before the task's end is.
      ended.resolve(uncaught ? this.#classify(uncaught.error, undefined) : this.#classify(error, exitCode))
      listening.resolve()
    }
    worker.task.then(() => end(), end)
    worker.thread.once('error', (error) => {
      uncaught = { error }
    })
    worker.thread.once('exit', (code) => {
      exitCode = code
      this.#alive = false
      exited.resolve(code)
      // A task that a worker has taken ends before this; one that it died too early to take is never told.
      setImmediate(end)
    })
  }

  /** @throws when the thread cannot be started. */
  #start(end: ChannelEnd): { task: Promise<unknown>; thread: Worker } {
    // Piscina derives the type of its list from the last overload of postMessage, which takes an options object.
    const transferList = [end] as unknown as RunOptions['transferList'] & object
    try {
      const data: TaskData = { end, addons: this.#addons, claims: addonClaims }
      const task = this.#pool.run(data, { transferList, signal: this.#abort.signal })
      const thread = this.#pool.threads[0]
      // The thread is starting meanwhile, and gets the task when it has.
      data.compiled = compiledForWorkers()
      if (thread) return { task, thread }
      task.catch(() => {})
      throw new Error('No thread was started')
    } catch (error) {
      this.#control.close()
      throw error
    }
  }

  /** The thread; it may be gone at any moment. */
  get worker(): Worker {
    return this.#worker
  }

  activeTime(): number {
    return this.#measured.activeTime()
  }

  told(after: number): Telling | undefined {
    return this.#measured.told(after)
  }

  async memory(): Promise<WorkerMemory> {
    return this.#measured.memory()
  }

  async processorTime(): Promise<number> {
    return this.#measured.processorTime()
  }

  /** False once the thread is really gone. */
  get alive(): boolean {
    return this.#alive
  }

  /** How the environment of this process has changed since the worker got a copy of it; nothing where it got one of its own. */
  environmentChange(): EnvironmentChange {
    const { env } = this.#options
    return env ? {} : environmentChange(this.#environment, workerEnvironment())
  }

  isCurrent(): boolean {
    return !needsNewThread(this.environmentChange())
  }

  /** Between threads everything that can be is transferred. */
  onCopied(): void {}

  onMessage(listener: (message: FromWorkerMessage) => void): void {
    this.#onMessage = listener
  }

  post(message: ToWorkerMessage, moved?: readonly Movable[]): void {
    this.#control.post(message, moved)
  }

  /**
   * Ends the worker, whatever it is doing.
   *
   * @param deadline ms to wait for the thread to be gone.
   * @param reason what `ended` reports.
   * @returns false when it was still alive at the deadline: some native calls and optimised loops cannot be interrupted.
   */
  async terminate(deadline: number, reason: CrashReason = 'terminated', cause?: Error): Promise<boolean> {
    this.#reason ??= { reason, ...(cause && { cause }) }
    if (closeAddonGate(this.#addons)) this.#end()
    else void addonGateClosed(this.#addons, () => this.#alive).then(() => this.#end())
    return this.exited(deadline)
  }

  #end(): void {
    this.#abort.abort()
    void this.#pool.destroy()
  }

  /** Waits until the thread is gone, at most `deadline` ms. */
  async exited(deadline: number): Promise<boolean> {
    if (!this.#alive) return true
    return (await withDeadline(this.#exit, deadline)) !== undefined
  }

  /** Calls back once the thread is gone, however late. */
  onExit(listener: () => void): void {
    void this.#exit.then(listener)
  }

  /** What the worker posted last may still be on its way when its task is over. */
  #receiveRest(): void {
    while (this.#receiveNext());
    this.#control.close()
  }

  #receiveNext(): boolean {
    let item
    try {
      item = this.#control.takeNext()
    } catch {
      this.#inbox.unreadable()
      return true
    }
    if (item) this.#inbox.frame(item.frame)
    return item !== undefined
  }

  #classify(error: unknown, exitCode: number | undefined): GenerationEnd {
    if (this.#reason) return this.#reason
    if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') return { reason: 'out-of-memory', cause: error }
    if (exitCode !== undefined) return { reason: 'exit', exitCode }
    return { reason: 'error', cause: error }
  }
}

/** What the component is doing, and behind that what its worker tells of its heap. */
function sharedActivity(shared: SharedArrayBuffer): ComponentHost['activity'] {
  const view = new Float64Array(shared, 0, activitySize / Float64Array.BYTES_PER_ELEMENT)
  return { shared, read: () => readingOf(view) }
}

/**
 * Piscina keeps the event loop alive while a task is under way, and this task lasts as long as the worker. Its port is within reach only
 * through the object behind the worker that the event shows.
 */
function unrefTaskPort(worker: object): void {
  for (const key of Object.getOwnPropertySymbols(worker)) {
    const behind = (worker as Record<symbol, unknown>)[key]
    if (typeof behind === 'object' && behind && 'unref' in behind && typeof behind.unref === 'function') behind.unref()
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
