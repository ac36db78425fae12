import { monotonicNow } from '../base/monotonic.ts'
import { AllottedCalls, SharedCallBudget } from '../channel/call-budget.ts'
import type { CallBudget } from '../channel/call-budget.ts'
import { callTraceparent } from '../channel/call-context.ts'
import type { Callbacks } from '../channel/callbacks.ts'
import { Caller } from '../channel/caller.ts'
import type { CallerOptions } from '../channel/caller-options.ts'
import { decodeError } from '../channel/error-codec.ts'
import type { CallbackLinks } from '../channel/marshal.ts'
import type { Logger } from '../contract/logger.ts'
import { createRemote } from '../channel/remote.ts'
import type { Channels } from '../channel/transport.ts'
import { tellUndeclared } from './undeclared-dependencies.ts'
import type { DependencyOptions, FromWorkerMessage, InitMessage, ToWorkerMessage } from './control.ts'

export interface DependenciesOptions {
  readonly init: Pick<InitMessage, 'dependencies' | 'dependencyOptions'>
  readonly channels: Channels
  readonly links: Callbacks
  readonly linkCall: CallerOptions['linkCall']
  readonly post: (message: FromWorkerMessage) => void
}

export type DependencyMessage = Extract<ToWorkerMessage, { readonly type: `dependency${string}` }>

/** For calls of an optional dependency before it is registered. */
const unknown: DependencyOptions = {
  callTimeout: undefined,
  maxQueue: 10_000,
  idempotent: new Set(),
  concurrency: Number.POSITIVE_INFINITY,
}

/** ms after which calls that wait ask again whether there is another copy. Guessed: copies do not come and go faster. */
const askAgainAfter = 1_000

/** What a component may call, from inside its worker: connections are asked for by the first call that needs one. */
export class Dependencies {
  readonly #remotes: Readonly<Record<string, unknown>>
  readonly #options: DependenciesOptions
  readonly #callers = new Map<string, Caller>()
  /** Those that a connection was asked for and has not come. */
  readonly #wanted = new Set<string>()
  /** Those of which there is no other copy: until when that is taken to be so, ms of the monotonic clock. */
  readonly #fullUntil = new Map<string, number>()
  /** What may still be sent to generations of dependencies with which no memory is shared. */
  readonly #allotted = new Map<string, Map<number, AllottedCalls>>()
  readonly #of: Map<string, DependencyOptions>

  constructor(options: DependenciesOptions) {
    this.#options = options
    const { dependencies, dependencyOptions } = options.init
    this.#of = new Map(Object.entries(dependencyOptions))
    const remotes: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const name of dependencies) {
      const caller = this.#caller(name)
      this.#callers.set(name, caller)
      remotes[name] = createRemote(caller, {})
    }
    this.#remotes = Object.freeze(remotes)
  }

  /** For the component of that name, by name; its log says which of those that it looks for are none. */
  remotesFor(component: string, logger: Pick<Logger, 'warn'>): Readonly<Record<string, unknown>> {
    return tellUndeclared(this.#remotes, component, logger)
  }

  receive(message: DependencyMessage): void {
    const caller = this.#callers.get(message.name)
    switch (message.type) {
      case 'dependency':
        this.#wanted.delete(message.name)
        caller?.attach(
          this.#options.channels.join(message.end),
          message.generation,
          this.#linksTo(message),
          this.#budgetOf(message),
        )
        if (caller && caller.waiting > 0) this.#wantMore(message.name)
        break
      case 'dependency-allotted':
        this.#allotted.get(message.name)?.get(message.generation)?.add(message.calls)
        caller?.budgetGrew()
        break
      case 'dependency-retired':
        caller?.retire(message.generation)
        break
      case 'dependency-full':
        this.#wanted.delete(message.name)
        this.#fullUntil.set(message.name, monotonicNow() + askAgainAfter)
        break
      case 'dependency-unavailable':
        this.#wanted.delete(message.name)
        caller?.rejectWaiting(decodeError(message.error))
        break
      case 'dependency-registered':
        this.#of.set(message.name, message.options)
        caller?.defaultsKnown()
        break
      case 'dependency-ended':
        caller?.ended(message.generation, message.end)
        this.#allotted.get(message.name)?.delete(message.generation)
        break
    }
  }

  /** It may not have heard of a deadline that has passed. */
  holdBack(name: string, generation: number): void {
    this.#callers.get(name)?.holdBack(generation)
  }

  #caller(name: string): Caller {
    const { links, linkCall, post } = this.#options
    const options = (): DependencyOptions => this.#of.get(name) ?? unknown
    return new Caller({
      component: name,
      links,
      get callTimeout() {
        return options().callTimeout
      },
      get maxQueue() {
        return options().maxQueue
      },
      get idempotent() {
        return options().idempotent
      },
      get concurrency() {
        return options().concurrency
      },
      onWaiting: () => this.#wantMore(name),
      onTimeout: (generation) => post({ type: 'dependency-timeout', name, generation }),
      traceparent: callTraceparent,
      linkCall,
    })
  }

  /** For callbacks that come from one generation of a dependency: their calls are as those of its methods. */
  #linksTo({ name, generation }: Extract<DependencyMessage, { type: 'dependency' }>): CallbackLinks {
    const { links, post } = this.#options
    const options = (): DependencyOptions => this.#of.get(name) ?? unknown
    const calls = {
      get callTimeout() {
        return options().callTimeout
      },
      onTimeout: () => post({ type: 'dependency-timeout', name, generation }),
    }
    return links.from(calls, generation)
  }

  #budgetOf({ name, generation, budget }: Extract<DependencyMessage, { type: 'dependency' }>): CallBudget | undefined {
    if (budget === undefined) return undefined
    const taken = (): void => this.#options.post({ type: 'dependency-calls-taken', name, generation })
    if (typeof budget === 'object') return new SharedCallBudget(budget, taken)
    const allotted = new AllottedCalls(budget, taken)
    const all = this.#allotted.get(name) ?? new Map<number, AllottedCalls>()
    this.#allotted.set(name, all.set(generation, allotted))
    return allotted
  }

  /** Asks for a connection, once for all calls that wait for it: the first, or another one where all that there are have enough to do. */
  #wantMore(name: string): void {
    if (this.#wanted.has(name)) return
    const connected = this.#callers.get(name)?.generations ?? []
    if (connected.length > 0 && monotonicNow() < (this.#fullUntil.get(name) ?? 0)) return
    this.#wanted.add(name)
    this.#options.post({ type: 'dependency-wanted', name, connected })
  }
}
