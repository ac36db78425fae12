import type { Asker, CallMaker } from './call-links.ts'
import { TaskSession } from './lock-session.ts'
import type { Locks } from '../contract/locks.ts'
import { LockTasks, type LockTask } from './lock-tasks.ts'
import { Sequence } from './sequence.ts'

/** One sequential task (see LockSession): the call being served, say, where calls do one thing after the other. */
export interface LockCaller {
  readonly session: string
  /** What its caller knows it by, where that waits for it under a lock. */
  readonly link?: string | undefined
  readonly over: boolean
  /** Calls back when it is over, at once if it is; returns what takes that back. */
  onEnd(listener: () => void): () => void
}

/** Knows whose the acquires and calls of this thread are. */
export class TaskContext {
  readonly #locks: Locks
  readonly currentCaller: () => LockCaller | undefined
  readonly #onCallerEnd: (session: string) => void
  readonly #tasks = new LockTasks()
  readonly #sequences = new WeakMap<LockCaller, Sequence>()
  /** How much each session holds and waits for. */
  readonly #sessions = new Map<string, { uses: number; readonly forget: (() => void) | undefined }>()

  /**
   * @param currentCaller the call that the thread is serving just now.
   * @param onCallerEnd is told when a call is over that has not released all it has.
   */
  constructor(locks: Locks, currentCaller: () => LockCaller | undefined, onCallerEnd: (session: string) => void) {
    this.#locks = locks
    this.currentCaller = currentCaller
    this.#onCallerEnd = onCallerEnd
  }

  /** The session of whoever asks now, unless it gives one. Undefined: no sequential task that is known. */
  session(given?: string): string | undefined {
    return given ?? TaskSession.currentId(this.#locks) ?? this.#caller?.session
  }

  /** For an acquire that is about to be made. Must be called before the one who makes it has first awaited anything. */
  ask(given?: string): LockUse {
    const caller = this.#caller
    const named = given ?? TaskSession.currentId(this.#locks)
    const session = named ?? caller?.session
    const serves = caller?.link
    if (session === undefined) return new LockUse({ session, serves, task: this.#tasks.enter(), sequence: undefined })
    const sequence = named === undefined ? this.#sequenceOf(caller) : undefined
    sequence?.begin(this.#sessions.has(session))
    this.#use(session, named === undefined ? caller : undefined)
    return new LockUse({ session, serves, task: undefined, sequence }, () => this.#release(session))
  }

  /** Whose a call is that is made now. Undefined: nobody's who has to do with locks. */
  maker(): CallMaker | undefined {
    const caller = this.#caller
    const named = TaskSession.currentId(this.#locks)
    const session = named ?? caller?.session
    const serves = caller?.link
    if (session === undefined) {
      const task = this.#tasks.current()
      return task && { session, task: task.id, serves, sequence: undefined, holding: true }
    }
    const holding = this.#sessions.has(session)
    if (serves === undefined && !holding) return undefined
    // Who names a session promises that it is one.
    const sequence = named === undefined ? this.#sequenceOf(caller) : undefined
    return { session, task: undefined, serves, sequence, holding }
  }

  #sequenceOf(caller: LockCaller | undefined): Sequence | undefined {
    if (!caller) return undefined
    const known = this.#sequences.get(caller) ?? new Sequence()
    this.#sequences.set(caller, known)
    return known
  }

  get #caller(): LockCaller | undefined {
    const caller = this.currentCaller()
    return caller?.over ? undefined : caller
  }

  #use(session: string, caller: LockCaller | undefined): void {
    const known = this.#sessions.get(session)
    if (known) known.uses += 1
    else {
      const forget = caller?.onEnd(() => {
        this.#sessions.delete(session)
        this.#onCallerEnd(session)
      })
      this.#sessions.set(session, { uses: 1, forget })
    }
  }

  #release(session: string): void {
    const known = this.#sessions.get(session)
    if (known === undefined) return
    known.uses -= 1
    if (known.uses > 0) return
    known.forget?.()
    this.#sessions.delete(session)
  }
}

interface UseMaker {
  readonly session: string | undefined
  readonly serves: string | undefined
  readonly task: LockTask | undefined
  readonly sequence: Sequence | undefined
}

/** An acquire and the lease it leads to, as far as its task is concerned. */
export class LockUse {
  readonly #maker: UseMaker
  readonly #onEnd: (() => void) | undefined
  #state: 'asking' | 'holding' | 'over' = 'asking'

  constructor(maker: UseMaker, onEnd?: () => void) {
    this.#maker = maker
    this.#onEnd = onEnd
    if (maker.task) maker.task.asking += 1
  }

  /** Whose it is, for the locks. */
  get asker(): Asker {
    const { session, serves, task, sequence } = this.#maker
    return { session, serves, task: task?.id, parallel: sequence?.broken ?? false }
  }

  /** `answer`: what whoever asked waits for. */
  until(answer: Promise<unknown>): void {
    const { task, sequence } = this.#maker
    if (!task && !sequence) return
    // Not before whoever asked is about to be told.
    const told = (): void => {
      if (task) task.asking -= 1
      sequence?.end()
    }
    answer.then(told, told)
  }

  granted(): void {
    this.#state = 'holding'
    if (this.#maker.task) this.#maker.task.holding += 1
  }

  /** It was refused, or what it led to is held no longer. */
  end(): void {
    if (this.#state === 'over') return
    if (this.#maker.task && this.#state === 'holding') this.#maker.task.holding -= 1
    this.#state = 'over'
    this.#onEnd?.()
  }
}
