import type { Supervisor } from '../../component/supervisor.ts'
import { InsufficientMemoryError } from '../../contract/errors.ts'
import type { MemoryBook } from '../account/book.ts'
import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { MemoryHolder } from '../decide/holders.ts'
import type { MemoryRequest } from '../decide/snapshot.ts'
import type { Unloaded } from './unloader.ts'

export interface FreeMemoryResult {
  readonly satisfied: boolean
  /** Bytes that the unloaded components were measured to hold. */
  readonly freed: number
  readonly shortfall: number
  /** Names, in the order they went. */
  readonly unloaded: readonly string[]
}

interface OpenLoad {
  readonly kind: 'load'
  readonly supervisor: Supervisor
  readonly since: number
  readonly admitted: (reservation: Disposable) => void
  readonly refused: (error: unknown) => void
}

interface OpenFree {
  readonly kind: 'free'
  readonly bytes: number
  readonly asked: Set<string>
  readonly unloaded: string[]
  /** Their memory was given back, as far as that can be done. */
  readonly reports: Promise<unknown>[]
  freed: number
  readonly settled: () => void
}

/** Those who want memory: loads that wait to be let in, and whoever asked for free memory. Each is settled, or gives up when its signal is aborted. */
export class OpenRequests {
  readonly #book: MemoryBook
  readonly #now: () => number
  readonly #changed: () => void
  readonly #open = new Map<number, OpenLoad | OpenFree>()
  #last = 0
  #isStopped = false

  /** @param changed somebody new has come. */
  constructor(book: MemoryBook, now: () => number, changed: () => void) {
    this.#book = book
    this.#now = now
    this.#changed = changed
  }

  get size(): number {
    return this.#open.size
  }

  /** @throws InsufficientMemoryError when it is refused; the signal's reason when aborted. */
  async admit(supervisor: Supervisor, signal: AbortSignal): Promise<Disposable> {
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>()
    const load: OpenLoad = { kind: 'load', supervisor, since: this.#now(), admitted: resolve, refused: reject }
    return this.#settled(load, promise, signal)
  }

  /** @throws the signal's reason when aborted; what was unloaded until then stays unloaded. */
  async free(bytes: number, signal: AbortSignal | undefined): Promise<FreeMemoryResult> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const free: OpenFree = {
      kind: 'free',
      bytes,
      asked: new Set(),
      unloaded: [],
      reports: [],
      freed: 0,
      settled: resolve,
    }
    await this.#settled(free, promise, signal)
    await Promise.all(free.reports)
    const { freed, unloaded } = free
    return { satisfied: freed >= bytes, freed, shortfall: Math.max(0, bytes - freed), unloaded }
  }

  /** As a decision sees them, in the order in which they came. */
  snapshot(limit: number): MemoryRequest[] {
    let largest: number | undefined
    const largestPeak = (): number => (largest ??= this.#book.largestPeak)
    return Array.from(this.#open, ([id, request]): MemoryRequest => {
      if (request.kind === 'free') {
        return { kind: 'free', id, missing: request.bytes - request.freed, asked: request.asked }
      }
      const { supervisor, since } = request
      const { expected: need, ceiling, isGuess } = this.#book.forecast(supervisor, limit, largestPeak)
      const { name, definition, lastLoadTime: loadTime = 0 } = supervisor
      const mayNeed = isGuess ? ceiling : need
      const { family, timeout } = definition
      return { kind: 'load', id, name, family: family?.limits, need, mayNeed, loadTime, since, timeout }
    })
  }

  nameOf(id: number): string | undefined {
    const request = this.#open.get(id)
    return request?.kind === 'load' ? request.supervisor.name : undefined
  }

  admitted(id: number, limit: number): void {
    const request = this.#open.get(id)
    if (request?.kind !== 'load') return
    this.#open.delete(id)
    request.admitted(this.#book.reserve(request.supervisor, limit))
  }

  /** @param family it is that of its family which it cannot have: `holders` are of it. */
  refused(id: number, usage: number, limit: number, holders: readonly MemoryHolder[], family?: FamilyLimits): void {
    const request = this.#open.get(id)
    if (request?.kind !== 'load') return
    this.#open.delete(id)
    const { expected: needed } = this.#book.forecast(request.supervisor, limit)
    request.refused(
      new InsufficientMemoryError(request.supervisor.component, { needed, usage, limit, holders, family }),
    )
  }

  /** @param unloaded undefined: it stayed, and is not asked again for this one's sake. */
  unloaded(id: number, name: string, unloaded: Unloaded | undefined): void {
    const request = this.#open.get(id)
    if (request?.kind !== 'free') return
    request.asked.add(name)
    if (!unloaded) return
    request.unloaded.push(name)
    request.reports.push(unloaded.reported)
    request.freed += unloaded.bytes
  }

  settled(id: number): void {
    const request = this.#open.get(id)
    if (request?.kind !== 'free') return
    this.#open.delete(id)
    request.settled()
  }

  /** Nothing is decided any more: who asks for free memory, now or later, has got what there was, and loads are let in. */
  stop(): void {
    this.#isStopped = true
    for (const id of this.#open.keys()) this.#undecided(id)
  }

  #undecided(id: number): void {
    this.settled(id)
    this.admitted(id, Number.MAX_SAFE_INTEGER)
  }

  async #settled<T>(request: OpenLoad | OpenFree, outcome: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted()
    const id = ++this.#last
    this.#open.set(id, request)
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => {
      // Once it is let in, or refused, that is what counts.
      if (this.#open.delete(id)) aborted.reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    if (this.#isStopped) this.#undecided(id)
    else this.#changed()
    try {
      return await Promise.race([outcome, aborted.promise])
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
}
