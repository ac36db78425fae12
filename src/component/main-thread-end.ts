import type { CallBudget } from '../channel/call-budget.ts'
import { Caller } from '../channel/caller.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { CallerOptions } from '../channel/caller-options.ts'
import { Callbacks } from '../channel/callbacks.ts'
import { createRemote } from '../channel/remote.ts'
import type { Generation } from '../host/generation.ts'
import { threadChannels } from '../transport/thread.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Surroundings } from './surroundings.ts'

/** The main thread's end of a component: its remote, the calls made through it, and the callbacks that were passed along. */
export class MainThreadEnd {
  readonly caller: Caller
  readonly remote: object
  readonly #callbacks: Callbacks
  readonly #callTimeout: number | undefined

  constructor(
    { name, callTimeout, maxQueue, idempotent, instances }: ResolvedDefinition,
    surroundings: Pick<Surroundings, 'clock' | 'keepAlive' | 'locks' | 'calls' | 'timedOut' | 'busy' | 'callFailed'>,
    onWaiting: () => void,
  ) {
    const { clock, keepAlive } = surroundings
    const keep = (busy: boolean): void => (busy ? keepAlive.hold() : keepAlive.release())
    const onTimeout = (at: number): void => surroundings.timedOut(name, at)
    const linkCall: CallerOptions['linkCall'] = (component, queued) => surroundings.locks.linkCall(component, queued)
    this.#callbacks = new Callbacks(threadChannels, name, () => 0, maxQueue, {
      onBusy: keep,
      linkCall,
      calls: { callTimeout, onTimeout, clock },
    })
    this.caller = new Caller({
      component: name,
      clock,
      links: this.#callbacks,
      maxQueue,
      concurrency: instances.concurrency,
      idempotent,
      watch: surroundings.calls,
      linkCall,
      onWaiting,
      onFailed: (error, isAnswer) => surroundings.callFailed(error, isAnswer),
      onTimeout,
      onBusy: (busy) => {
        keep(busy)
        surroundings.busy(busy)
      },
    })
    this.#callTimeout = callTimeout
    this.remote = createRemote(this.caller, { timeout: callTimeout })
  }

  /** One whose calls go to that generation as long as it is there. */
  remoteOf(generation: () => number | undefined): object {
    return createRemote(this.caller, { timeout: this.#callTimeout, at: generation })
  }

  /** Calls may go to that generation from now on, as many as its budget allows. */
  attach(generation: Generation, budget?: CallBudget): void {
    const { number } = generation
    this.caller.attach(generation.connect(), number, this.#callbacks.from(undefined, number), budget)
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
