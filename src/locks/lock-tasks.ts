import { AsyncLocalStorage } from 'node:async_hooks'

/** One sequential piece of work, as far as that can be seen from outside. */
export interface LockTask {
  readonly id: string
  /** Acquires that it has not been told the end of. */
  asking: number
  holding: number
}

/**
 * Tells the tasks of this thread apart by their asynchronous context, for the guess at deadlocks.
 *
 * Each task is recognised by its first acquire. A context is inherited by whatever is started in it, so two tasks can pass for one: not when
 * both ask at the same time, and not when the first one holds nothing any more.
 */
export class LockTasks {
  readonly #current = new AsyncLocalStorage<LockTask>()
  #count = 0

  /** The task of the caller. Must be called before the caller has first awaited anything. */
  enter(): LockTask {
    const current = this.current()
    if (current && current.asking === 0) return current
    this.#count += 1
    const task: LockTask = { id: `task#${this.#count}`, asking: 0, holding: 0 }
    this.#current.enterWith(task)
    return task
  }

  /** The task of the caller, if it holds anything. */
  current(): LockTask | undefined {
    const task = this.#current.getStore()
    return task && task.holding > 0 ? task : undefined
  }
}
