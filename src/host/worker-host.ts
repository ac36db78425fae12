import { Worker } from 'node:worker_threads'
import type { ResourceLimits } from 'node:worker_threads'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { ChannelEnd, Movable, Transport } from '../channel/transport.ts'
import type { CrashReason } from '../contract/errors.ts'
import { afterDeadline, withDeadline } from '../base/deadline.ts'
import { activitySize, readingOf } from '../channel/activity.ts'
import { portOf, threadChannels } from '../transport/thread.ts'
import { addonClaims } from './addon-claims.ts'
import { addonGateClosed, closeAddonGate, createAddonGate } from './addon-gate.ts'
import { compiledForWorkers, entryFile } from './packaged.ts'
import type { ComponentHost, EndDetails, MeasuredWorker } from './component-host.ts'
import { ControlInbox } from './control-inbox.ts'
import type { FromWorkerMessage, ToWorkerMessage } from './control.ts'
import { measuredThread } from './measured-thread.ts'
import { sharedRecordSize, ToldMemory } from './told-memory.ts'
import type { Telling } from './told-memory.ts'
import { environmentChange } from './environment-change.ts'
import type { EnvironmentChange } from './environment-change.ts'
import { needsNewThread, workerEnvironment } from './worker-environment.ts'
import type { OwnCode, ThreadData } from './thread-worker.ts'
import type { WorkerMemory } from './worker-memory.ts'

/**
 * ms from when the channel of a thread is closed until why it has ended is concluded from what it has said. Node tells of a full heap only when the thread is
 * gone, 110 ms later with 800 MB of small objects, 260 with 1,500 (two cores); callers' links wait 250 ms at most.
 */
const lastWordDeadline = 100

/** How far a thread has come, as far as it has said. */
type ThreadLife =
  | { readonly status: 'starting' | 'running' | 'over' }
  | { readonly status: 'exiting'; readonly code: number }

/** What a worker thread is started with; what is not given is as Node has it. */
export interface WorkerOptions {
  readonly resourceLimits?: ResourceLimits | undefined
  readonly env?: NodeJS.ProcessEnv | readonly string[] | undefined
  readonly argv?: readonly string[] | undefined
  readonly execArgv?: readonly string[] | undefined
}

/**
 * One worker thread. `ended` settles on every kind of death.
 */
export class WorkerHost implements ComponentHost {
  readonly isolation = 'thread'
  readonly pid = process.pid
  readonly channels = threadChannels
  readonly #shared = new SharedArrayBuffer(sharedRecordSize)
  readonly activity: ComponentHost['activity'] = sharedActivity(this.#shared)
  readonly #addons = createAddonGate()
  readonly #control: Transport
  readonly #worker: Worker
  readonly #measured: MeasuredWorker
  /** Node's number of the thread; the worker itself forgets it when it ends. */
  readonly id: number
  readonly #options: WorkerOptions
  /** What it was started with. */
  readonly #environment: Readonly<NodeJS.ProcessEnv>
  #onMessage: (message: FromWorkerMessage) => void = () => {}
  readonly #inbox = new ControlInbox((message) => this.#onMessage(message))
  #reason: GenerationEnd | undefined
  #life: ThreadLife = { status: 'starting' }
  #alive = true
  readonly #exit = Promise.withResolvers<number>()
  readonly #end = Promise.withResolvers<GenerationEnd>()
  readonly #online = Promise.withResolvers<void>()
  /** Resolves, never rejects, once the component is over; the thread may take a moment longer to be gone. */
  readonly ended = this.#end.promise
  /** Resolves once the worker listens. */
  readonly online = this.#online.promise

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#environment = workerEnvironment(options.env)
    const [ours, theirs] = threadChannels.pair()
    this.#control = threadChannels.join(ours)
    this.#control.receive({
      frame: (frame) => {
        this.#note(frame as FromWorkerMessage)
        this.#inbox.frame(frame)
      },
      unreadable: () => this.#inbox.unreadable(),
    })
    this.#control.onClose(() => {
      if (this.#life.status !== 'over') afterDeadline(lastWordDeadline, () => this.#endedUntold())
    })
    this.#worker = this.#start(theirs)
    this.#measured = measuredThread(this.#worker, new ToldMemory(this.#shared))
    this.id = this.#worker.threadId
    // An error may be told long before the thread is gone.
    this.#worker.on('error', (error) => this.#over(error))
    this.#worker.once('exit', (code) => {
      this.#alive = false
      this.#exit.resolve(code)
      this.#over(undefined, code)
    })
  }

  /** @throws when the thread cannot be started. */
  #start(end: ChannelEnd): Worker {
    const { resourceLimits, argv, execArgv } = this.#options
    try {
      const given: ThreadData = { end, addons: this.#addons, claims: addonClaims }
      const worker = new Worker(entryFile('bootstrap'), {
        workerData: given,
        transferList: [portOf(end)],
        env: this.#environment,
        ...(resourceLimits && { resourceLimits }),
        ...(argv && { argv: [...argv] }),
        ...(execArgv && { execArgv: [...execArgv] }),
      })
      worker.unref()
      // The thread is starting while this is compiled.
      this.#control.post({ compiled: compiledForWorkers() } satisfies OwnCode)
      return worker
    } catch (error) {
      this.#control.close()
      throw error
    }
  }

  #note(message: FromWorkerMessage): void {
    if (this.#life.status === 'over') return
    if (message.type === 'online') {
      this.#life = { status: 'running' }
      this.#online.resolve()
    }
    if (message.type === 'exiting') this.#life = { status: 'exiting', code: message.code }
  }

  /** Its channel is closed, and Node has not told why: unless it is still starting, only a full heap ends a thread without a word of its own. */
  #endedUntold(): void {
    if (this.#life.status === 'exiting') this.#over(undefined, this.#life.code)
    else if (this.#life.status === 'running') this.#over(new HeapFullError())
  }

  /** What the worker posted last may still be on its way. */
  #over(error?: unknown, exitCode?: number): void {
    this.#receiveRest()
    this.#life = { status: 'over' }
    this.#end.resolve(this.#classify(error, exitCode))
    this.#online.resolve()
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
  async terminate(deadline: number, reason: CrashReason = 'terminated', more?: EndDetails): Promise<boolean> {
    this.#reason ??= { reason, ...more }
    if (closeAddonGate(this.#addons)) this.#stop()
    else void addonGateClosed(this.#addons, () => this.#alive).then(() => this.#stop())
    return this.exited(deadline)
  }

  #stop(): void {
    void this.#worker.terminate()
    this.#over()
  }

  /** Waits until the thread is gone, at most `deadline` ms. */
  async exited(deadline: number): Promise<boolean> {
    if (!this.#alive) return true
    return (await withDeadline(this.#exit.promise, deadline)) !== undefined
  }

  /** Calls back once the thread is gone, however late. */
  onExit(listener: () => void): void {
    void this.#exit.promise.then(listener)
  }

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
    if (codeOf(error) === heapFull) return { reason: 'out-of-memory', cause: error }
    if (exitCode !== undefined) return { reason: 'exit', exitCode }
    return { reason: 'error', cause: error }
  }
}

/** Node's code for it. */
const heapFull = 'ERR_WORKER_OUT_OF_MEMORY'

/** In place of Node's own, which comes when the thread is gone. */
class HeapFullError extends Error {
  readonly code = heapFull

  constructor() {
    super('The JavaScript heap of its thread was full: the thread has ended, and its memory is being given back')
  }
}

/** What the component is doing, and behind that what its worker tells of its heap. */
function sharedActivity(shared: SharedArrayBuffer): ComponentHost['activity'] {
  const view = new Float64Array(shared, 0, activitySize / Float64Array.BYTES_PER_ELEMENT)
  return { shared, read: () => readingOf(view) }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
