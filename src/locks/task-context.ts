import type { CallMaker } from './call-links.ts'
import { LockSession, type Locks } from './lock-session.ts'
import { LockTasks, type LockTask } from './lock-tasks.ts'

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
    return given ?? LockSession.currentId(this.#locks) ?? this.#caller?.session
  }

  /** For an acquire that is about to be made. Must be called before the one who makes it has first awaited anything. */
  ask(given?: string): LockUse {
    const caller = this.#caller
    const named = given ?? LockSession.currentId(this.#locks)
    const session = named ?? caller?.session
    const maker = { session, serves: caller?.link }
    if (session === undefined) return new LockUse({ ...maker, task: this.#tasks.enter() })
    this.#use(session, named === undefined ? caller : undefined)
    return new LockUse({ ...maker, task: undefined }, () => this.#release(session))
  }

  /** Whose a call is that is made now. Undefined: nobody's who has to do with locks. */
  maker(): CallMaker | undefined {
    const caller = this.#caller
    const session = LockSession.currentId(this.#locks) ?? caller?.session
    const serves = caller?.link
    if (session === undefined) {
      const task = this.#tasks.current()
      return task && { session, task: task.id, serves }
    }
    return serves !== undefined || this.#sessions.has(session) ? { session, task: undefined, serves } : undefined
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

/** An acquire and the lease it leads to, as far as its task is concerned. */
export class LockUse {
  readonly session: string | undefined
  readonly serves: string | undefined
  readonly #task: LockTask | undefined
  readonly #onEnd: (() => void) | undefined
  #state: 'asking' | 'holding' | 'over' = 'asking'

  constructor(
    { session, serves, task }: { session: string | undefined; serves: string | undefined; task: LockTask | undefined },
    onEnd?: () => void,
  ) {
    this.session = session
    this.serves = serves
    this.#task = task
    this.#onEnd = onEnd
    if (task) task.asking += 1
  }

  get task(): string | undefined {
    return this.#task?.id
  }

  /** `answer`: what whoever asked waits for. */
  until(answer: Promise<unknown>): void {
    const task = this.#task
    if (!task) return
    // Not before whoever asked is about to be told.
    const told = (): void => void (task.asking -= 1)
    answer.then(told, told)
  }

  granted(): void {
    this.#state = 'holding'
    if (this.#task) this.#task.holding += 1
  }

  /** It was refused, or what it led to is held no longer. */
  end(): void {
    if (this.#state === 'over') return
    if (this.#task && this.#state === 'holding') this.#task.holding -= 1
    this.#state = 'over'
    this.#onEnd?.()
  }
}
