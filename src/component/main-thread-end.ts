import { Caller } from '../channel/caller.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { CallerOptions } from '../channel/caller-options.ts'
import { Callbacks } from '../channel/callbacks.ts'
import { createRemote } from '../channel/remote.ts'
import type { Generation } from '../host/generation.ts'
import { threadChannels } from '../transport/thread.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Surroundings } from './surroundings.ts'

export interface MainThreadHooks {
  /** Of the component, just now. */
  readonly generation: () => number
  /** A call waits for the component to be loaded. */
  readonly onWaiting: () => void
}

/** The main thread's end of a component: its remote, the calls made through it, and the callbacks that were passed along. */
export class MainThreadEnd {
  readonly caller: Caller
  readonly remote: object
  readonly #callbacks: Callbacks

  constructor(
    { name, callTimeout, maxQueue, idempotent }: ResolvedDefinition,
    surroundings: Pick<Surroundings, 'keepAlive' | 'locks' | 'calls' | 'timedOut' | 'busy'>,
    { generation, onWaiting }: MainThreadHooks,
  ) {
    const { keepAlive } = surroundings
    const keep = (busy: boolean): void => (busy ? keepAlive.hold() : keepAlive.release())
    const onTimeout = (at: number): void => surroundings.timedOut(name, at)
    const linkCall: CallerOptions['linkCall'] = (component, queued) => surroundings.locks.linkCall(component, queued)
    this.#callbacks = new Callbacks(threadChannels, name, generation, maxQueue, {
      onBusy: keep,
      linkCall,
      calls: { callTimeout, onTimeout },
    })
    this.caller = new Caller({
      component: name,
      links: this.#callbacks,
      maxQueue,
      idempotent,
      watch: surroundings.calls,
      linkCall,
      onWaiting,
      onTimeout,
      onBusy: (busy) => {
        keep(busy)
        surroundings.busy(busy)
      },
    })
    this.remote = createRemote(this.caller, { timeout: callTimeout })
  }

  /** Calls go to that generation from now on. */
  attach(generation: Generation): void {
    const { number } = generation
    this.caller.attach(generation.connect(), number, this.#callbacks.from(undefined, number))
  }

  /** Resolves once everything that was sent to that generation is answered, also to its callbacks. */
  async quiet(generation: number): Promise<void> {
    await this.caller.quiet(generation)
    await this.#callbacks.quiet(generation)
  }

  /** What was sent to that generation will not be answered any more. */
  ended(generation: number, end: GenerationEnd): void {
    this.caller.ended(generation, end)
    this.#callbacks.ended(generation, end)
  }

  /** New calls wait until that generation shows that it listens. */
  holdBack(generation: number): void {
    this.caller.holdBack(generation)
    this.#callbacks.holdBack(generation)
  }
}
