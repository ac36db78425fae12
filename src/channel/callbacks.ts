import { ComponentCrashedError } from '../contract/errors.ts'
import type { ActivityMeter } from './activity.ts'
import { servedAt } from './callback-end.ts'
import { Caller } from './caller.ts'
import type { GenerationEnd } from './generation-end.ts'
import type { CallerOptions } from './caller-options.ts'
import { onPeerGone } from './comlink-remotes.ts'
import { exposed, finalize, unexposed } from './exposure.ts'
import { methodsOf } from './forwarded-methods.ts'
import type { CallbackLinks } from './marshal.ts'
import { methodsBelow } from './method-table.ts'
import type { ServedMethods } from './method-table.ts'
import { createCallbackRemote, directEnd } from './remote.ts'
import { ServedConnection } from './served-connection.ts'
import type { ServedApi } from './served-api.ts'
import type { ChannelEnd, Channels, Transport } from './transport.ts'

export interface CallbackHooks {
  /** Counts the calls served here, and the callbacks that keep a component in use. */
  readonly meter?: ActivityMeter
  /** Told, for each callback of the other side, when the first call of it begins and when the last one is settled. */
  readonly onBusy?: (busy: boolean) => void
  /** A callback of the other side's has come in. */
  readonly onAdopted?: () => void
  /** For calls of the other side's callbacks. */
  readonly linkCall?: CallerOptions['linkCall']
  /** For calls of callbacks of which `from` says nothing else. */
  readonly calls?: CallbackCalls
}

/** What holds for calls of the callbacks that one side gives. */
export type CallbackCalls = Pick<CallerOptions, 'callTimeout' | 'onTimeout' | 'clock'>

/**
 * The `proxy()`ed objects of one thread, in both directions: each is served on a channel of its own, which ends with either
 * thread, with `remote[releaseProxy]()`, or when the remote is garbage collected.
 */
export class Callbacks implements CallbackLinks {
  readonly channels: Channels
  readonly #owner: string
  readonly #generation: () => number
  readonly #maxQueue: number
  readonly #hooks: CallbackHooks
  /** What is served here, and on what. */
  readonly #served = new Map<Transport, object>()
  /** With the generation that each came from. */
  readonly #adopted = new Map<Caller, number>()
  readonly #forgotten = new FinalizationRegistry<Caller>((caller) => {
    // A call may still be under way although nobody can make another one.
    void caller.quiet().then(() => caller.close(released()))
  })

  /**
   * @param channels how callbacks are given one of their own.
   * @param owner the component the callbacks are passed to or come from, for messages.
   * @param generation its generation at the time.
   * @param maxQueue calls of each callback of the other side under way at once; further ones reject with OverloadedError.
   */
  constructor(
    channels: Channels,
    owner: string,
    generation: () => number,
    maxQueue: number,
    hooks: CallbackHooks = {},
  ) {
    this.channels = channels
    this.#owner = owner
    this.#maxQueue = maxQueue
    this.#generation = generation
    this.#hooks = hooks
  }

  expose(value: object): ChannelEnd {
    const direct = directEnd(value)
    if (direct) return direct
    const [ours, theirs] = this.channels.pair()
    this.#serve(ours, value, methodsOf(value))
    return theirs
  }

  #serve(end: ChannelEnd, value: object, table: ServedMethods): void {
    const { meter } = this.#hooks
    const transport = this.channels.join(end)
    meter?.subscriptionOpened()
    exposed(value)
    this.#served.set(transport, value)
    const api: ServedApi = {
      component: this.#name,
      table,
      links: this,
      share: (path, other) => this.#serve(other, value, methodsBelow(table, path)),
      ...(meter && { meter }),
    }
    const stop = onPeerGone(value, () => transport.close())
    ServedConnection.open(transport, api, () => {
      stop()
      meter?.subscriptionClosed()
      this.#served.delete(transport)
      unexposed(value)
    })
  }

  /** The component is being unloaded: what it gave away by reference is told, while it still can. */
  finalize(): void {
    for (const value of this.#served.values()) finalize(value)
  }

  adopt(end: ChannelEnd): object {
    return this.#adopt(end, this, this.#hooks.calls, this.#generation())
  }

  /**
   * The same, for the connection to one generation of a component.
   *
   * @param calls what holds for calls of callbacks that come from there.
   */
  from(calls: CallbackCalls | undefined, generation: number): CallbackLinks {
    const links: CallbackLinks = {
      channels: this.channels,
      expose: (value) => this.expose(value),
      adopt: (end) => this.#adopt(end, links, calls ?? this.#hooks.calls, generation),
    }
    return links
  }

  /**
   * Whoever gave one of these may not have heard of a deadline that has passed: new calls wait until it says that it listens.
   *
   * @param generation undefined: any.
   */
  holdBack(generation?: number): void {
    for (const caller of this.#adopted.keys()) caller.holdBack(generation)
  }

  #adopt(end: ChannelEnd, links: CallbackLinks, calls: CallbackCalls | undefined, generation: number): object {
    const { meter, onBusy, onAdopted, linkCall } = this.#hooks
    const transport = this.channels.join(end)
    onAdopted?.()
    transport.onClose(() => meter?.subscriptionClosed())
    meter?.subscriptionOpened()
    const component = this.#name
    const caller = new Caller({
      component,
      links,
      ...calls,
      maxQueue: this.#maxQueue,
      // There is no next generation of a callback.
      onWaiting: () =>
        caller.close(new ComponentCrashedError(component, { reason: 'exit', generation, outcome: 'not-sent' })),
      onEnded: () => this.#adopted.delete(caller),
      ...(onBusy && { onBusy }),
      linkCall,
    })
    this.#adopted.set(caller, generation)
    caller.attach(transport, generation)
    const release = (): void => caller.close(released())
    this.#forgotten.register(release, caller)
    const remote = createCallbackRemote(caller, release)
    servedAt(remote, transport)
    return remote
  }

  /** A generation of the component is over: so are the callbacks that came from it. */
  ended(generation: number, end: GenerationEnd): void {
    for (const caller of this.#adopted.keys()) caller.ended(generation, end)
  }

  /** Resolves once no call of a callback that came from that generation is under way. */
  async quiet(generation: number): Promise<void> {
    for (const [caller, from] of this.#adopted) if (from === generation) await caller.quiet()
  }

  get #name(): string {
    return `${this.#owner}:callback`
  }
}

function released(): Error {
  return new DOMException('The callback was released', 'AbortError')
}
