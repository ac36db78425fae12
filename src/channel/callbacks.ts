import { releaseProxy } from 'comlink'
import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { ComponentCrashedError } from '../errors.ts'
import { Caller } from './caller.ts'
import type { CallbackLinks } from './marshal.ts'
import { MethodTable } from './method-table.ts'
import { createCallbackRemote } from './remote.ts'
import { ServedConnection } from './served-connection.ts'

/** Told of callbacks that keep a component in use. */
export interface SubscriptionCounter {
  subscriptionOpened(): void
  subscriptionClosed(): void
}

/**
 * The `proxy()`ed objects of one thread, in both directions: each is served on a channel of its own, which ends with either
 * thread, with `remote[releaseProxy]()`, or when the remote is garbage collected.
 */
export class Callbacks implements CallbackLinks {
  readonly #owner: string
  readonly #generation: () => number
  readonly #counter: SubscriptionCounter | undefined
  readonly #forgotten = new FinalizationRegistry<Caller>((caller) => {
    // A call may still be under way although nobody can make another one.
    void caller.quiet().then(() => caller.close(released()))
  })

  /**
   * @param owner the component the callbacks are passed to or come from, for messages.
   * @param generation its generation at the time.
   */
  constructor(owner: string, generation: () => number, counter?: SubscriptionCounter) {
    this.#owner = owner
    this.#generation = generation
    this.#counter = counter
  }

  expose(value: object): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#counter?.subscriptionOpened()
    const api = { component: `${this.#owner}:callback`, table: new MethodTable(value), links: this }
    ServedConnection.open(port1, api, () => this.#counter?.subscriptionClosed())
    port1.unref()
    return port2
  }

  adopt(port: MessagePort): object {
    this.#counter?.subscriptionOpened()
    const component = `${this.#owner}:callback`
    const generation = this.#generation()
    const gone = (): Error => new ComponentCrashedError(component, { reason: 'exit', generation, outcome: 'not-sent' })
    const caller = new Caller({
      component,
      links: this,
      maxQueue: Number.POSITIVE_INFINITY,
      endGrace: 0,
      onWaiting: () => caller.close(gone()),
    })
    caller.attach(port, generation)
    port.once('close', () => {
      this.#counter?.subscriptionClosed()
      caller.close(gone())
    })
    const remote = createCallbackRemote(caller)
    const withRelease = new Proxy(remote, {
      get: (target, key) =>
        key === releaseProxy ? () => caller.close(released()) : (Reflect.get(target, key) as unknown),
    })
    this.#forgotten.register(withRelease, caller)
    return withRelease
  }
}

function released(): Error {
  return new DOMException('The callback was released', 'AbortError')
}
