import type { Generation } from '../host/generation.ts'
import { recyclingDecision } from './due-decision.ts'
import { isLoaded } from './lifecycle.ts'
import { isForWantOfMemory } from './load.ts'
import type { Supervisor } from './supervisor.ts'
import { sleep } from '../base/timers.ts'

/** ms after which it is looked again whether one that is in use is so no longer: of some uses nobody tells when they are over. Guessed. */
const longestPause = 100
/** ms of calls under way, which are given all the time they take; setTimeout takes no more. */
const noDeadline = 2 ** 31 - 1

export interface RecyclingPort {
  /** One with no worker, to load the next generation into. */
  freeCopy(): Supervisor
  /** Loads another one where one was replaced that had to go first. */
  loadAnother(): Promise<void>
  /** Copies that may be there at a time, besides those that they replace. */
  readonly most: number
  readonly mayOverlap: (copy: Supervisor) => boolean
  /** Calls go to `next` from now on, and no new ones to `old`. */
  swap(old: Supervisor, next: Supervisor): void
  /** No new calls go to it. */
  retire(copy: Supervisor): void
}

interface Replacement {
  /** What is replaced. */
  readonly generation: Generation | undefined
  /** The one that takes its place, while both are there. */
  next: Supervisor | undefined
  /** Resolved when it is not only to have a successor ready, but to be replaced. */
  readonly due: PromiseWithResolvers<void>
  done: Promise<void>
}

/** Replaces generations of one component by new ones: the new one first, and then the old one goes when nobody uses it any more; or the other way round. */
export class Recycling {
  readonly #port: RecyclingPort
  readonly #replacements = new Map<Supervisor, Replacement>()
  /** They take no new calls any more; those under way there go on. With the copy that each is, or was, of: that may have another one by now. */
  readonly #retired = new Map<Generation, Supervisor>()

  constructor(port: RecyclingPort) {
    this.#port = port
  }

  isRetired(copy: Supervisor): boolean {
    return copy.generation !== undefined && this.#retired.has(copy.generation)
  }

  /** It is, or will be, ready to take the place of one that serves, and does not serve itself. */
  standsBy(copy: Supervisor): boolean {
    for (const [old, { next, generation }] of this.#replacements) {
      if (next === copy) return old.generation === generation && serves(old) && !old.isSpent && !this.isRetired(old)
    }
    return false
  }

  /** It was, or is being, loaded to take the place of another one. */
  isSuccessor(copy: Supervisor): boolean {
    for (const { next } of this.#replacements.values()) if (next === copy) return true
    return false
  }

  /** Another one was, or is being, loaded to take its place. */
  hasSuccessor(copy: Supervisor): boolean {
    const replacement = this.#replacements.get(copy)
    return replacement?.generation === copy.generation && replacement?.next !== undefined
  }

  /** True while any of them is being replaced. */
  get isUnderWay(): boolean {
    return this.#replacements.size > 0
  }

  /**
   * Replaces its generation; all who ask meanwhile get the same.
   *
   * @param isDue false: only as soon as `due` says so, or it serves no longer; until then its successor stands by.
   * @returns resolves when the old generation is gone.
   */
  async replace(copy: Supervisor, isDue: boolean): Promise<void> {
    let replacement = this.#replacements.get(copy)
    // One that had to be gone first has another one in its place by now, of which that may not be told yet.
    if (replacement && replacement.generation !== copy.generation) {
      await replacement.done.catch(() => {})
      return this.replace(copy, isDue)
    }
    if (!replacement) {
      replacement = {
        generation: copy.generation,
        next: undefined,
        due: Promise.withResolvers(),
        done: Promise.resolve(),
      }
      this.#replacements.set(copy, replacement)
      const { inContext } = copy.surroundings
      const begun = replacement
      replacement.done = inContext(async () => this.#replace(copy, begun)).finally(() => {
        this.#replacements.delete(copy)
        if (begun.generation) this.#retired.delete(begun.generation)
      })
    }
    if (isDue) this.due(copy)
    return replacement.done
  }

  /** If it has a successor, or is getting one: that one is to take its place now. */
  due(copy: Supervisor): void {
    this.#replacements.get(copy)?.due.resolve()
  }

  async #replace(copy: Supervisor, replacement: Replacement): Promise<void> {
    const { generation } = copy
    if (!generation || copy.state.status !== 'ready') return
    const { crashes } = copy.counters
    const isSame = (): boolean => copy.generation === generation
    if (this.#port.mayOverlap(copy)) {
      // Asked again only after a wait: where it need not wait, its successor is there at once, and nobody asks for another one.
      do await until(() => !isSame() || !this.#isCrowded)
      while (isSame() && this.#isCrowded)
      if (!isSame()) return
      const next = this.#port.freeCopy()
      replacement.next = next
      try {
        await next.load({ by: 'recycle', of: null }, [], true)
        await replacement.due.promise
        // Whoever unloaded it meanwhile did not mean to have it loaded again.
        const isUnwanted = !isSame() && copy.counters.crashes === crashes && copy.main.caller.waiting === 0
        if (isUnwanted) await next.unload('recycled', 0, true)
        else if (next.state.status === 'ready') {
          // First: the calls that it gets at once may be all that it takes, and its own successor is asked for.
          if (isSame()) this.#retired.set(generation, copy)
          this.#port.swap(copy, next)
        }
        // It was unloaded as it stood by.
        else if (!copy.isSpent) return
      } catch (error) {
        replacement.next = undefined
        // Nothing takes its place; one that takes no more calls itself is in the way of another load.
        const { isSpent } = copy
        if (isSpent && isSame()) await this.#end(copy)
        if (!isForWantOfMemory(error)) throw error
        if (isSame()) await this.#replaceInPlace(copy, isSame)
        else if (isSpent && !serves(copy)) await this.#port.loadAnother()
        return
      }
      if (isSame()) await this.#end(copy)
      return
    }
    await replacement.due.promise
    await this.#replaceInPlace(copy, isSame)
  }

  async #replaceInPlace(copy: Supervisor, isSame: () => boolean): Promise<void> {
    // A lease keeps it, unless nothing could serve its holder any more either.
    await until(() => !isSame() || copy.isSpent || copy.usage.keeps === 0)
    if (!isSame() || !isLoaded(copy.state)) return
    await copy.unload('recycled', noDeadline, false, recyclingDecision(copy))
    // Calls that wait have had it loaded again already.
    if (!serves(copy)) await this.#port.loadAnother()
  }

  /** Unloads it once nobody uses it. */
  async #end(copy: Supervisor): Promise<void> {
    const { generation } = copy
    if (!generation) return
    this.#retired.set(generation, copy)
    this.#port.retire(copy)
    await until(
      async () =>
        copy.generation !== generation ||
        (serves(copy) &&
          copy.inUse === 0 &&
          (await copy.unload('recycled', 0, true, recyclingDecision(copy))) !== undefined),
    )
    const replacement = this.#replacements.get(copy)
    if (replacement) replacement.next = undefined
  }

  /** As many as there may be copies have calls under way and take no more, and are replaced, or about to be: long calls do not pile up workers. */
  get #isCrowded(): boolean {
    const old = new Map(this.#retired)
    for (const [copy, { generation, next }] of this.#replacements) {
      if (generation && next && copy.isSpent) old.set(generation, copy)
    }
    let busy = 0
    for (const [generation, { generation: current, usage }] of old) {
      if (current === generation && usage.held > usage.keeps) busy++
    }
    return busy >= this.#port.most
  }
}

const serves = ({ state }: Supervisor): boolean => state.status === 'ready'

/** Looks again and again, of what nobody tells when it is so; most of it is so in a moment. Keeps nothing alive. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let pause = 2; !(await isSo()); pause = Math.min(2 * pause, longestPause)) {
    await sleep(pause, { ref: false })
  }
}
