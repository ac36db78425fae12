import { threadId } from 'node:worker_threads'
import { afterDeadline } from '../base/deadline.ts'
import type { Sequence } from './sequence.ts'
import { monotonicNow } from '../base/monotonic.ts'

/** How the locks see a call of a component: whoever made it under a lock waits for its answer. */
export interface CallLink {
  /** Travels with the call: what is done for it says so. */
  readonly id: string
  /** It no longer waits for the component to be loaded. */
  sent(): void
  /** Of a stream: whether anybody waits for its next value. */
  waits(on: boolean): void
  /** Nobody waits for it any more: it was answered, or given up, or its stream is over. */
  over(): void
}

/** Whose an acquire or a call is: the sequential task that makes it, and the call that task itself was started by. */
export interface Asker {
  readonly session: string | undefined
  readonly task: string | undefined
  readonly serves: string | undefined
  /** The session has been seen not to be sequential. */
  readonly parallel: boolean
}

/** Whose a call is, in the thread that makes it. */
export interface CallMaker extends Omit<Asker, 'parallel'> {
  readonly sequence: Sequence | undefined
  /** It holds locks, or asks for some. */
  readonly holding: boolean
}

export interface LinkedCall extends Asker {
  readonly id: string
  readonly target: string
  /** It waits for the component to be loaded. */
  readonly queued: boolean
}

/** Is told of calls that take their time. */
export interface CallLinkSink {
  called(call: LinkedCall): void
  sent(id: string): void
  over(id: string): void
}

/** ms a call is under way before the locks are told of it: most calls are over by then, and nothing is said of them. Guessed. */
const brief = 10

/** The calls that the tasks of one thread make under locks. */
export class CallLinks {
  readonly #sink: CallLinkSink
  readonly #maker: () => CallMaker | undefined
  /** In the order in which their waits began. */
  readonly #untold = new Set<OwnLink>()
  #ticking = false
  #count = 0

  /** @param maker whose a call is that is made now; undefined: of one whose calls are no concern of the locks. */
  constructor(sink: CallLinkSink, maker: () => CallMaker | undefined) {
    this.#sink = sink
    this.#maker = maker
  }

  /** For the call of `target` that is about to be made. */
  open(target: string, queued: boolean): CallLink | undefined {
    const maker = this.#maker()
    if (!maker) return undefined
    this.#count += 1
    const link = new OwnLink(`${process.pid}/${threadId}/${this.#count}`, target, queued, maker, {
      sink: this.#sink,
      begin: (begun) => this.#begin(begun),
      forget: (forgotten) => void this.#untold.delete(forgotten),
      isMaker: () => {
        const now = this.#maker()
        return now !== undefined && now.session === maker.session && now.task === maker.task
      },
    })
    link.waits(true)
    return link
  }

  #begin(link: OwnLink): void {
    this.#untold.add(link)
    this.#tick()
  }

  #tick(): void {
    if (this.#ticking) return
    this.#ticking = true
    // What was answered by then is over by then.
    afterDeadline(brief, () => {
      this.#ticking = false
      const now = monotonicNow()
      for (const link of this.#untold) {
        // A timer may fire a fraction of a millisecond early.
        if (now - link.since < brief - 1) return this.#tick()
        this.#untold.delete(link)
        link.tell()
      }
    })
  }
}

interface LinkHooks {
  readonly sink: CallLinkSink
  begin(link: OwnLink): void
  forget(link: OwnLink): void
  /** Whether it is the maker of the call who asks now. */
  isMaker(): boolean
}

class OwnLink implements CallLink {
  readonly id: string
  since = 0
  readonly #target: string
  readonly #maker: CallMaker
  readonly #hooks: LinkHooks
  #queued: boolean
  #state: 'idle' | 'untold' | 'told' | 'over' = 'idle'

  constructor(id: string, target: string, queued: boolean, maker: CallMaker, hooks: LinkHooks) {
    this.id = id
    this.#target = target
    this.#queued = queued
    this.#maker = maker
    this.#hooks = hooks
  }

  tell(): void {
    this.#state = 'told'
    const { session, task, serves, sequence } = this.#maker
    const parallel = sequence?.broken ?? false
    this.#hooks.sink.called({
      id: this.id,
      target: this.#target,
      queued: this.#queued,
      session,
      task,
      serves,
      parallel,
    })
  }

  sent(): void {
    this.#queued = false
    if (this.#state === 'told') this.#hooks.sink.sent(this.id)
  }

  waits(on: boolean): void {
    if (!on) this.#rest('idle')
    else if (this.#state === 'idle' && this.#hooks.isMaker()) {
      this.#state = 'untold'
      this.#maker.sequence?.begin(this.#maker.holding)
      this.since = monotonicNow()
      this.#hooks.begin(this)
    }
  }

  over(): void {
    this.#rest('over')
  }

  #rest(next: 'idle' | 'over'): void {
    if (this.#state === 'untold' || this.#state === 'told') this.#maker.sequence?.end()
    if (this.#state === 'untold') this.#hooks.forget(this)
    if (this.#state === 'told') this.#hooks.sink.over(this.id)
    if (this.#state !== 'over') this.#state = next
  }
}
