import { ActivityMeter } from '../channel/activity.ts'
import type { ActivityRecord } from '../channel/activity.ts'
import { callContext, ServedCall } from '../channel/call-context.ts'
import { Callbacks } from '../channel/callbacks.ts'
import { clone } from '../channel/clone-guard.ts'
import { encodeError } from '../channel/error-codec.ts'
import type { EncodedError } from '../channel/protocol.ts'
import { MethodTable } from '../channel/method-table.ts'
import { ServedCallsBook } from '../channel/served-calls.ts'
import { ServedConnection } from '../channel/served-connection.ts'
import type { ChannelEnd, Channels, Transport } from '../channel/transport.ts'
import type { ComponentContext } from '../contract/component-context.ts'
import { expectFunction } from '../base/option-checks.ts'
import { loadOf } from '../locks/party.ts'
import { createLockClient } from '../locks/remote-locks.ts'
import type { LockClient } from '../locks/remote-locks.ts'
import { createForwardedLogger, LogForwarder } from './forwarded-logger.ts'
import type { FromWorkerMessage, InitMessage, ToWorkerMessage } from './control.ts'
import { atMostEvery } from '../base/at-most-every.ts'
import { crashOnPurpose } from './crash-on-purpose.ts'
import { expectMethods } from './expect-methods.ts'
import { disposeOf } from './dispose-of.ts'
import { collectAndSettle, collectGarbage } from './collect-garbage.ts'
import { Dependencies } from './dependencies.ts'
import { ForgottenCallbacks } from './forgotten-callbacks.ts'
import type { Inspection } from './inspect.ts'
import { expectSize } from '../base/size.ts'
import { HeapTeller } from './told-memory.ts'
import { MemoryReports } from './memory-reports.ts'
import { watchNativeCode } from './native-code.ts'
import { loadModule } from './load-module.ts'
import { measureItself } from './process/self-measure.ts'
import { PressureListeners } from './pressure-listeners.ts'
import { postReadable } from './readable-message.ts'
import { nameThread } from './thread-name.ts'
import { changeEnvironment } from './environment-change.ts'
import { watchUncountedMemory } from './uncounted-memory.ts'
import { offersSnapshot } from './offers-snapshot.ts'
import { setImmediate } from '../base/timers.ts'

/** ms between two times that it tells by itself which calls have failed: one that crashes next can no longer be asked. Guessed. */
const tellFailures = 1_000

/** The state of the last generation, for as long as the component initialises: it is then the component's alone. */
interface Restored {
  get(): unknown
  drop(): void
}
const nothingRestored: Restored = { get: () => undefined, drop: () => {} }

type Drain = { readonly epoch: number; readonly onlyIfIdle: boolean; readonly unfenced: Set<ServedConnection> }

/** What differs by what kind of worker it is in. */
export interface Place {
  readonly channels: Channels
  readonly record: ActivityRecord
}

/** One generation of a component, inside its worker: loads it, serves its callers, drains and disposes of it when told. */
export class ComponentRuntime {
  readonly #control: Transport
  readonly #channels: Channels
  readonly #init: Omit<InitMessage, 'snapshot'>
  readonly #meter: ActivityMeter
  readonly #teller: HeapTeller | undefined
  readonly #reports = new MemoryReports((bytes, limited) => this.#meter.report(bytes, limited))
  /** Looks for native code that has been loaded. */
  readonly #lookForNativeCode: () => void
  readonly #links: Callbacks
  readonly #logs: LogForwarder
  readonly #locks: LockClient
  readonly #unloading = new AbortController()
  readonly #connections = new Set<ServedConnection>()
  readonly #served: ServedCallsBook
  readonly #dependencies: Dependencies
  readonly #pressureListeners = new PressureListeners()
  /** Bytes that nobody needs once they have been read. */
  #snapshot: InitMessage['snapshot']
  #table = new MethodTable({})
  #api: object | undefined
  /** It has state to be kept for the next generation. */
  #keepsState = false
  #collectMetrics: Parameters<ComponentContext['exposeMetrics']>[0] = () => []
  #drain: Drain | undefined
  /** Calls that had come when its garbage was last collected for want of memory. */
  #collectedAt: number | undefined

  constructor(control: Transport, { snapshot, ...init }: InitMessage, { channels, record }: Place) {
    this.#control = control
    this.#channels = channels
    this.#init = init
    this.#snapshot = snapshot
    changeEnvironment(init.environment)
    const forgotten = new ForgottenCallbacks(() => this.#meter.active === 0)
    // Of a process all memory is measured from outside.
    const teller = init.activity && new HeapTeller(init.activity)
    this.#teller = teller
    const idle = (): void => {
      this.#lookForNativeCode()
      this.#checkDrained()
      forgotten.idle()
    }
    this.#meter = new ActivityMeter(record, idle, (since, now) => teller?.worked(since, now))
    this.#served = new ServedCallsBook(
      this.#meter,
      atMostEvery(tellFailures, () => this.receive({ type: 'tell-calls', id: 0 })),
    )
    this.#links = new Callbacks(channels, init.name, () => init.generation, init.maxQueue, {
      meter: this.#meter,
      onAdopted: () => forgotten.given(),
      linkCall: (component, queued) => this.#locks.linkCall(component, queued),
      calls: { onTimeout: () => this.#post({ type: 'callback-timeout' }) },
    })
    this.#logs = new LogForwarder((records, dropped) => this.#post({ type: 'log', records, dropped }))
    this.#locks = createLockClient((message) => this.#post({ type: 'lock', message }), {
      // What one call acquires one after another is one task: a cycle of such tasks is a deadlock.
      currentCaller: () => callContext.getStore(),
    })
    this.#dependencies = new Dependencies({
      init,
      channels,
      links: this.#links,
      linkCall: (component, queued) => this.#locks.linkCall(component, queued),
      post: (message) => this.#post(message),
    })
    process.on('exit', () => this.#logs.flush())
    nameThread(init.instance)
    this.#lookForNativeCode = watchNativeCode(() => this.#meter.nativeLoaded())
    if (init.activity) watchUncountedMemory((bytes) => this.#meter.reportUncounted(bytes))
    if (init.measuresItself === true) measureItself(this.#meter)
  }

  get name(): string {
    return this.#init.name
  }

  async load(): Promise<void> {
    const { name } = this.#init
    const onStage = (stage: 'importing' | 'initialising'): void => this.#post({ type: 'loads', stage })
    // To the locks one task, which all calls that wait for the component wait for.
    const loading = new ServedCall(undefined, loadOf(name), 'load')
    let restored: Restored = nothingRestored
    try {
      restored = await this.#restore()
      const context = this.#context(restored)
      const load = async (): ReturnType<typeof loadModule> => loadModule(this.#init, context, onStage)
      const { api, isDefined } = await callContext.run(loading, load)
      loading.end()
      this.#lookForNativeCode()
      this.#api = api
      this.#table = new MethodTable(this.#api)
      expectMethods('idempotent', this.#init.idempotent, this.#table)
      this.#keepsState = (isDefined || this.#init.hibernates) && offersSnapshot(api)
      this.#post({ type: 'ready', keepsState: this.#keepsState })
    } catch (error) {
      this.#logs.flush()
      this.#post({ type: 'load-failed', error: encodeError(error, this.#init.name) })
    } finally {
      restored.drop()
    }
  }

  receive(message: Exclude<ToWorkerMessage, InitMessage>): void {
    switch (message.type) {
      case 'connect':
        this.#connect(message.end, message.from)
        break
      case 'drain':
        this.#startDrain(message.epoch, message.onlyIfIdle)
        break
      case 'resume':
        this.#resume(message.epoch)
        break
      case 'take-snapshot':
        void this.#takeSnapshot()
        break
      case 'lock':
        this.#locks.handle(message.message)
        break
      case 'turn':
        this.#meter.turned(message.question)
        break
      case 'dispose':
        void this.#dispose()
        break
      case 'crash':
        crashOnPurpose(message.how)
        break
      case 'trim':
        void this.#trim(message)
        break
      case 'tell-calls':
        this.#post({ type: 'calls-told', id: message.id, served: this.#served.all })
        break
      case 'collect':
        void this.#collect(message.id)
        break
      case 'collect-metrics':
        void this.#sendMetrics(message.id)
        break
      case 'logs-written':
        this.#logs.written(message.count)
        break
      case 'inspect':
        void this.#inspect(message.id, message.inspection)
        break
      case 'dependency':
      case 'dependency-allotted':
      case 'dependency-retired':
      case 'dependency-full':
      case 'dependency-unavailable':
      case 'dependency-registered':
      case 'dependency-ended':
        this.#dependencies.receive(message)
        break
      case 'unheard':
        this.#dependencies.holdBack(message.name, message.generation)
        // Who gave a callback is not known here.
        this.#links.holdBack()
        break
    }
  }

  /** What goes wrong from the first time on that the state is asked for, or over reading it, may be its fault. */
  async #restore(): Promise<Restored> {
    const bytes = this.#snapshot
    this.#snapshot = undefined
    if (!bytes) return nothingRestored
    const { restoreSnapshot } = await import('./state-snapshot.ts')
    this.#post({ type: 'restoring', underWay: true })
    let state: unknown = restoreSnapshot(bytes)
    this.#post({ type: 'restoring', underWay: false })
    let use: 'unasked' | 'asked' | 'over' = 'unasked'
    return {
      get: () => {
        if (use === 'unasked') {
          use = 'asked'
          this.#post({ type: 'restoring', underWay: true })
        }
        return state
      },
      drop: () => {
        use = 'over'
        state = undefined
      },
    }
  }

  #context(restored: Restored): ComponentContext {
    const { name, generation, logLevel } = this.#init
    return {
      name,
      generation,
      logger: createForwardedLogger(this.#logs, logLevel),
      dependencies: this.#dependencies.remotesFor(name, createForwardedLogger(this.#logs, logLevel)),
      signal: this.#unloading.signal,
      locks: this.#locks,
      get restored() {
        return restored.get()
      },
      reportMemory: (bytes, options) => this.#reports.report(expectSize('reportMemory(bytes)', bytes), options),
      onPressure: (listener) => this.#pressureListeners.add(listener),
      exposeMetrics: (collect) => {
        expectFunction('exposeMetrics(collect)', collect)
        this.#collectMetrics = collect
        this.#post({ type: 'exposes-metrics' })
      },
    }
  }

  #connect(end: ChannelEnd, from: string | undefined): void {
    const meter = this.#served.of(from)
    const api = { component: this.#init.name, table: this.#table, links: this.#links, meter }
    this.#connections.add(
      ServedConnection.open(this.#channels.join(end), api, (closed) => {
        this.#connections.delete(closed)
        this.#drain?.unfenced.delete(closed)
        this.#checkDrained()
      }),
    )
  }

  #startDrain(epoch: number, onlyIfIdle: boolean): void {
    if (onlyIfIdle && this.#inUse) {
      this.#post({ type: 'busy', epoch })
      return
    }
    const drain: Drain = { epoch, onlyIfIdle, unfenced: new Set(this.#connections) }
    this.#drain = drain
    for (const connection of this.#connections) {
      connection.fence(epoch, () => {
        drain.unfenced.delete(connection)
        this.#checkDrained()
      })
    }
    this.#checkDrained()
  }

  #checkDrained(): void {
    const drain = this.#drain
    if (!drain || drain.unfenced.size > 0) return
    if (drain.onlyIfIdle ? this.#inUse : this.#meter.active > 0) {
      // A call slipped in before its caller heard of the fence: whoever unloads idle components lets it be.
      if (drain.onlyIfIdle) this.#callOff(drain)
      return
    }
    this.#drain = undefined
    // The last answer may still be on its way into its outbox.
    setImmediate(() => {
      for (const connection of this.#connections) connection.flush()
      this.#post({ type: 'drained', epoch: drain.epoch })
    })
  }

  #callOff(drain: Drain): void {
    this.#resume(drain.epoch)
    this.#post({ type: 'busy', epoch: drain.epoch })
  }

  #resume(epoch: number): void {
    this.#drain = undefined
    for (const connection of this.#connections) connection.resume(epoch)
  }

  get #inUse(): boolean {
    return this.#meter.active > 0 || this.#meter.subscriptions > 0
  }

  async #takeSnapshot(): Promise<void> {
    this.#post({ type: 'taking-snapshot' })
    try {
      const value = this.#keepsState ? await (await import('./state-snapshot.ts')).takeSnapshot(this.#api) : undefined
      this.#control.post({ type: 'snapshot', value } satisfies FromWorkerMessage, value && [value.buffer])
    } catch (error) {
      this.#post({ type: 'snapshot-failed', error: encodeError(error, this.#init.name) })
    }
  }

  async #dispose(): Promise<void> {
    let failure: unknown
    this.#post({ type: 'disposing' })
    try {
      this.#unloading.abort(new DOMException(`Component "${this.#init.name}" is being unloaded`, 'AbortError'))
      this.#links.finalize()
      await disposeOf(this.#api)
    } catch (error) {
      failure = error
    }
    this.#logs.flush()
    const error = failure === undefined ? undefined : encodeError(failure, this.#init.name)
    this.#post({ type: 'disposed', error, served: this.#served.all })
  }

  async #sendMetrics(id: number): Promise<void> {
    try {
      this.#post({ type: 'metrics', id, metrics: clone(await this.#collectMetrics()) })
    } catch (error) {
      createForwardedLogger(this.#logs, this.#init.logLevel).error({ err: error }, 'its metrics could not be collected')
      this.#post({ type: 'metrics', id, metrics: undefined })
    }
  }

  async #inspect(id: number, inspection: Inspection): Promise<void> {
    let error: EncodedError | undefined
    try {
      const { inspect } = await import('./inspect.ts')
      await inspect(inspection)
    } catch (failure) {
      error = encodeError(failure, this.#init.name)
    }
    this.#post({ type: 'inspected', id, error })
  }

  async #collect(id: number): Promise<void> {
    const took = await collectAndSettle()
    this.#teller?.tell()
    this.#post({ type: 'collected', id, took })
  }

  async #trim({ id, level, urgent }: Extract<ToWorkerMessage, { type: 'trim' }>): Promise<void> {
    const logger = createForwardedLogger(this.#logs, this.#init.logLevel)
    await this.#pressureListeners.tell(level, (err) => logger.error({ err }, 'onPressure listener failed'))
    // What the listeners dropped only shows, and forgotten callbacks only end, once the garbage is collected; nobody waits for an idle heap. It takes
    // long, though: one that drops nothing, and has done nothing since, is not the better for it, and may have to wait to be unloaded meanwhile.
    const { calls } = this.#meter
    const hasNothingNew = calls === this.#collectedAt && this.#pressureListeners.size === 0
    if (urgent || (this.#meter.active === 0 && !hasNothingNew)) {
      collectGarbage()
      this.#collectedAt = calls
    }
    this.#teller?.tell()
    this.#post({ type: 'trimmed', id })
  }

  #post(message: FromWorkerMessage): void {
    postReadable(this.#control, this.#init.name, message)
  }
}
