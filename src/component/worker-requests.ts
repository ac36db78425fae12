import type { SharedCallBudget, SharedCalls } from '../channel/call-budget.ts'
import { encodeError } from '../channel/error-codec.ts'
import type { ComponentOrigin } from '../contract/component-origin.ts'
import type { FromWorkerMessage } from '../host/control.ts'
import { readableError } from '../host/readable-message.ts'
import type { ComponentHost } from '../host/component-host.ts'
import { serveLocks } from '../locks/remote-locks.ts'
import type { LockServer } from '../locks/remote-locks.ts'
import { terminateDeadline } from './terminate-deadline.ts'
import { askCurrent } from './peer.ts'
import type { Peers } from './peer.ts'
import type { Surroundings } from './surroundings.ts'

/** What a worker may ask for comes from here. */
export type WorkerRequestsPort = Peers & Pick<Surroundings, 'log' | 'locks' | 'timedOut' | 'fewCallsLeft'>

/** Serves what the worker of one generation asks for by itself: log lines to write, locks, connections to dependencies. Notes what it tells. */
export class WorkerRequests {
  readonly #origin: ComponentOrigin
  readonly #generation: number
  readonly #host: ComponentHost
  readonly #surroundings: WorkerRequestsPort
  readonly #addons: Set<string>
  #locks: LockServer | undefined
  #closed = false

  /** @param addons is added to. */
  constructor(
    origin: ComponentOrigin,
    generation: number,
    host: ComponentHost,
    surroundings: WorkerRequestsPort,
    addons: Set<string>,
  ) {
    this.#origin = origin
    this.#generation = generation
    this.#host = host
    this.#surroundings = surroundings
    this.#addons = addons
  }

  receive(message: FromWorkerMessage): void {
    if (message.type === 'log') this.#log(message)
    else if (message.type === 'lock') this.#lock(message)
    else if (message.type === 'dependency-wanted') void this.#connect(message.name, message.connected)
    else if (message.type === 'dependency-timeout') this.#surroundings.timedOut(message.name, message.generation)
    else if (message.type === 'dependency-calls-taken') this.#fewCallsLeft(message)
    else if (message.type === 'addon') this.#addons.add(message.addon)
    else if (message.type === 'addon-refused') this.#refused(message.addon)
    else if (message.type === 'callback-timeout') this.#surroundings.timedOut()
  }

  /** The generation is over: what it holds is given back. What it has logged still comes. */
  close(): void {
    this.#closed = true
    this.#locks?.close()
  }

  #log({ records, dropped }: Extract<FromWorkerMessage, { type: 'log' }>): void {
    const { isolation, id } = this.#host
    const source = { ...this.#origin, generation: this.#generation, isolation, id }
    this.#surroundings.log(source, records, dropped)
    this.#host.post({ type: 'logs-written', count: records.length })
  }

  /** Without its addon it is of no use; the next load goes into a process. */
  #refused(addon: string): void {
    this.#addons.add(addon)
    const why = `${addon} does not bear a second load in a thread: isolation: 'process' is what it needs, and gets with its next load`
    void this.#host.terminate(terminateDeadline, 'error', { cause: new Error(why) })
  }

  #lock({ message }: Extract<FromWorkerMessage, { type: 'lock' }>): void {
    // What a worker that was given up on still asks for would never be released.
    if (this.#closed) return
    this.#locks ??= serveLocks(
      this.#surroundings.locks,
      `component:${this.#origin.name}#${this.#generation}`,
      (reply) => this.#host.post({ type: 'lock', message: reply }),
    )
    this.#locks.handle(message)
  }

  /** What its calls are counted against: in another process, with what it was given of that. */
  #shareOf(budget: SharedCallBudget | undefined): SharedCalls | number | undefined {
    return this.#host.isolation === 'process' ? budget?.allot() : budget?.shared
  }

  #fewCallsLeft({ name, generation }: Extract<FromWorkerMessage, { type: 'dependency-calls-taken' }>): void {
    const budget = this.#surroundings.fewCallsLeft(name, generation)
    if (this.#host.isolation !== 'process') return
    this.#host.post({ type: 'dependency-allotted', name, generation, calls: budget?.allot() ?? 0 })
  }

  async #connect(name: string, connected: readonly number[]): Promise<void> {
    try {
      const connection = await askCurrent(this.#surroundings, name, async (each) =>
        each.connectPeer(this.#origin.name, connected),
      )
      if (!connection) return this.#host.post({ type: 'dependency-full', name })
      const { budget, ...rest } = connection
      this.#host.post({ type: 'dependency', name, ...rest, budget: this.#shareOf(budget) }, [connection.end])
    } catch (error) {
      this.#host.post({ type: 'dependency-unavailable', name, error: readableError(name, encodeError(error, name)) })
    }
  }
}
