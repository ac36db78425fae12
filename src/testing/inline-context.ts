import type { ComponentContext, MemoryReportOptions } from '../contract/component-context.ts'
import type { ComponentLogger } from '../contract/logger.ts'
import type { ComponentLocks } from '../contract/locks.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { Size } from '../contract/size.ts'
import { cloneConfig } from '../component/definition.ts'
import { expectFunction, expectName, expectOneOf, expectRecord, orDefault } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import { createForwardedLogger } from '../host/forwarded-logger.ts'
import { MemoryReports } from '../host/memory-reports.ts'
import { LockManager } from '../locks/lock-manager.ts'
import { levels } from '../memory/decide/pressure.ts'

/** What `inline` gives to the component besides its config. */
export interface InlineOptions {
  /** Which export of the module it is, as in `registerComponent`. Default 'default'. */
  readonly export?: string
  /** Its `context.name`. Default 'inline'. */
  readonly name?: string
  /** Its `context.dependencies`: what stands for each, as it is. Default: none. */
  readonly dependencies?: Readonly<Record<string, unknown>>
  /** Its `context.logger`. Default: one that writes nothing. */
  readonly logger?: ComponentLogger
  /** Its `context.restored`, while it initialises: a clone of this. Default undefined. */
  readonly restored?: unknown
  /** Its `context.locks`, `coordinator.locks` say. Default: locks of its own. */
  readonly locks?: ComponentContext['locks']
}

/** The other side of an inlined component's context. */
export interface InlineContext {
  /** Bytes that it has reported (`reportMemory`), of all sources. */
  readonly reported: number
  /** Calls its `onPressure` listeners, and resolves when they are done. @throws what they throw: an AggregateError of several. */
  pressure(level: PressureLevel): Promise<void>
  /** What it exposes by `exposeMetrics` now; undefined where it exposes nothing. */
  metrics(): Promise<readonly object[] | undefined>
  /** That of its context: aborted when it is disposed of. */
  readonly signal: AbortSignal
}

type Listener = Parameters<ComponentContext['onPressure']>[0]
type Collect = Parameters<ComponentContext['exposeMetrics']>[0]

/** What an inlined component has around it. */
export class InlineSurroundings implements InlineContext {
  readonly context: ComponentContext
  readonly #unloading = new AbortController()
  readonly #listeners = new Set<Listener>()
  readonly #reports = new MemoryReports((bytes) => (this.#reported = bytes))
  #reported = 0
  #collect: Collect | undefined
  #restored: unknown

  constructor(options: InlineOptions) {
    this.#restored = cloneConfig(options.restored, 'restored')
    const { logger = createForwardedLogger({ add: () => {} }, 'silent'), locks = ownLocks() } = options
    const state = (): unknown => this.#restored
    this.context = {
      name: expectName('name', orDefault(options.name, 'inline')),
      generation: 1,
      logger: expectRecord('logger', logger),
      dependencies: expectRecord('dependencies', orDefault(options.dependencies, {})),
      signal: this.signal,
      locks: expectRecord('locks', locks),
      get restored() {
        return state()
      },
      reportMemory: (bytes, report) => this.#report(bytes, report),
      onPressure: (listener) => {
        expectFunction('onPressure(listener)', listener)
        this.#listeners.add(listener)
        return () => void this.#listeners.delete(listener)
      },
      exposeMetrics: (collect) => {
        expectFunction('exposeMetrics(collect)', collect)
        this.#collect = collect
      },
    }
  }

  get reported(): number {
    return this.#reported
  }

  get signal(): AbortSignal {
    return this.#unloading.signal
  }

  async pressure(level: PressureLevel): Promise<void> {
    expectOneOf('level', level, levels)
    const results = await Promise.allSettled([...this.#listeners].map(async (listener) => listener(level)))
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} onPressure listeners failed`)
  }

  async metrics(): Promise<readonly object[] | undefined> {
    return this.#collect?.()
  }

  /** From now on its state of before is nobody's but the component's. */
  initialised(): void {
    this.#restored = undefined
  }

  unload(): void {
    this.#unloading.abort(new DOMException(`Component "${this.context.name}" is being unloaded`, 'AbortError'))
  }

  #report(bytes: Size, options: MemoryReportOptions | undefined): void {
    this.#reports.report(expectSize('reportMemory(bytes)', bytes), options)
  }
}

function ownLocks(): ComponentLocks {
  const locks = new LockManager({ owner: 'inline' })
  return {
    acquire: async (name, options) => locks.acquire(name, options),
    acquireAll: async (names, options) => locks.acquireAll(names, options),
    session: (name) => locks.session(name),
    verify: async (name, token) => locks.verify(name, token),
  }
}
