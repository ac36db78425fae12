import { monotonicNow } from '../base/monotonic.ts'
import type { Remote } from '../contract/remote.ts'
import { ComponentFailedError } from '../contract/errors.ts'
import type { LoadCause } from '../contract/load-cause.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { Generation } from '../host/generation.ts'
import { copiesMissing, copiesToBegin, placesFor } from './copy-policy.ts'
import type { CopyCount } from './copy-policy.ts'
import type { CopyShare } from './copy-share.ts'
import type { ResolvedDefinition } from './definition.ts'
import { Hibernation } from './hibernation.ts'
import type { Lease } from './lease.ts'
import { LifeRecord } from './life.ts'
import { isLoaded } from './lifecycle.ts'
import { isForWantOfMemory } from './load.ts'
import { MainThreadEnd } from './main-thread-end.ts'
import { MovingLeases } from './moving-leases.ts'
import type { PeerConnection } from './peer-connection.ts'
import { Recycling, until } from './recycling.ts'
import { Supervisor } from './supervisor.ts'
import type { Surroundings } from './surroundings.ts'
import { togetherUnloaded } from './unload.ts'
import { WaitingPeers } from './waiting-peers.ts'
import { setTimeout, queueMicrotask } from '../base/timers.ts'

/** ms after one more copy could not be loaded before calls that wait ask for one again. Guessed: memory is not short for less. */
const growAgainAfter = 1_000
/** ms after which a generation that takes no more calls, and could not be replaced, is tried again. Guessed: what failed does not go within seconds. */
const replaceAgainAfter = 10_000

/** One registered component: the remote that this thread calls it by, and its copies, of which most components have only one. */
export class Component implements CopyShare<Supervisor> {
  readonly definition: ResolvedDefinition
  readonly main: MainThreadEnd
  readonly hibernation: Hibernation
  readonly record = new LifeRecord()
  readonly addons = new Set<string>()
  readonly #surroundingsOf: (copy: Supervisor) => Surroundings
  readonly #surroundings: Surroundings
  readonly #copies: Supervisor[] = []
  readonly #recycling: Recycling
  readonly #peers = new WaitingPeers()
  readonly #leases = new MovingLeases(() => leastUsed(this.#serving))
  #growAgainAt = Number.NEGATIVE_INFINITY
  #stopped: { readonly error: unknown } | undefined

  constructor(definition: ResolvedDefinition, surroundingsOf: (copy: Supervisor) => Surroundings) {
    this.definition = definition
    this.#surroundingsOf = surroundingsOf
    this.#recycling = new Recycling({
      most: definition.instances.max,
      freeCopy: () => this.#freeCopies[0] ?? this.#addCopy(this.#freeName()),
      mayOverlap: ({ generation }) =>
        (definition.recycle?.overlap ?? true) && !definition.hibernate.isAsked && generation?.keepsState !== true,
      loadAnother: async () => this.#loadAnother(),
      swap: (old, next) => this.#swap(old, next),
      retire: (copy) => this.#retire(copy),
    })
    const { surroundings } = this.#addCopy(definition.name)
    this.#surroundings = surroundings
    this.hibernation = new Hibernation(definition.name, definition.hibernate, surroundings.logger, monotonicNow)
    this.main = new MainThreadEnd(definition, surroundings, () => this.#callWaits())
  }

  get name(): string {
    return this.definition.name
  }

  /** There is always one at least, loaded or not. */
  get copies(): readonly Supervisor[] {
    return this.#copies
  }

  get first(): Supervisor {
    return this.#copies[0] as Supervisor
  }

  /** One of them has a worker that serves, or will, or does so until it is unloaded. */
  get isLoaded(): boolean {
    return this.#copies.some(({ state }) => isLoaded(state))
  }

  get backingOff(): ComponentFailedError | undefined {
    const { clock } = this.#surroundings
    const now = clock.now()
    for (const copy of this.#copies) {
      const { state } = copy
      if (!this.#takesPart(copy)) continue
      if (state.status !== 'failed' || now >= state.retryAt) continue
      return new ComponentFailedError(this.name, clock.wallTimeToWaitFor(state.retryAt), { cause: state.error })
    }
    return undefined
  }

  /**
   * Loads as many copies as there have to be, unless they are loaded; resolves with the first of them that serves once all are there, or could not
   * be loaded.
   *
   * @param chain who needs it, outermost first, for the error's path.
   */
  async load(cause: LoadCause = { by: 'request', of: null }, chain: readonly string[] = []): Promise<void> {
    for (;;) {
      const { serving, leaving } = this.#count
      const missing = copiesMissing({ serving, leaving, loading: 0 }, this.#limits)
      if (missing === 0) return
      const copies = this.#toLoad(missing)
      const loads = await Promise.allSettled(copies.map(async (copy) => copy.load(cause, chain)))
      if (serving > 0 || loads.some(({ status }) => status === 'fulfilled')) return
      for (const load of loads) if (load.status === 'rejected') throw load.reason
      // Those that there may be have had all their calls, and are about to be replaced.
      await until(() => this.#serving.length > 0 || this.#toLoad(1).length > 0)
    }
  }

  /** Where something is to be done in any of the copies. */
  get copyToUse(): Supervisor {
    return leastUsed(this.#serving) ?? this.#toLoad(1)[0] ?? this.first
  }

  /** Loads it, and keeps one of the copies loaded until the lease is given back; its calls go to that one. */
  async acquire<T>(): Promise<Lease<T>> {
    const lease = this.#leases.take(this.copyToUse)
    try {
      await this.load()
    } catch (error) {
      lease[Symbol.dispose]()
      throw error
    }
    // Another one may have been faster.
    lease.follow()
    const component = this.main.remoteOf(() => lease.generation) as Remote<T>
    const release = (): void => lease[Symbol.dispose]()
    return { component, release, [Symbol.dispose]: release }
  }

  /** Unloads all copies, each as its supervisor does. */
  async unload(reason: UnloadReason, deadline: number): Promise<UnloadReport> {
    const there = this.#copies.filter(({ state }) => isLoaded(state))
    const copies = there.length > 0 ? there : [this.first]
    return togetherUnloaded(await Promise.all(copies.map(async (copy) => copy.unload(reason, deadline))))
  }

  /** Forgets its failures; when it backs off it may be loaded again at once. */
  reset(): void {
    for (const copy of this.#copies) copy.reset()
    this.#growAgainAt = Number.NEGATIVE_INFINITY
  }

  /**
   * A connection for another component, `from`, to one of the copies; loads it first.
   *
   * @param connected generations that it is connected to already, all of which are busy.
   * @returns undefined: it has to do with those.
   */
  async connectPeer(from: string, connected: readonly number[]): Promise<PeerConnection | undefined> {
    const chain = [from]
    for (;;) {
      const cause: LoadCause = { by: 'call', of: from }
      const made = connected.length === 0 ? await this.#peers.connected(from, this.load(cause, chain)) : undefined
      if (made) return made
      const isNew = ({ generation }: Supervisor): boolean => !connected.includes(generation?.number ?? 0)
      const { generation, budget } = leastUsed(this.#serving.filter(isNew)) ?? {}
      if (generation) return { end: generation.connectPeer(from), generation: generation.number, budget }
      if (connected.length === 0) continue
      const [more] = this.#isHeldUp ? [] : this.#toLoad(1)
      if (!more) return undefined
      try {
        await more.load({ by: 'busy-copies', of: null }, chain)
      } catch {
        return undefined
      }
    }
  }

  /** Takes no more: loads under way are given up, new and waiting calls reject with `error`; calls under way go on. */
  stop(error: unknown): void {
    this.#stopped ??= { error }
    for (const copy of this.#copies) copy.stop(error)
    this.main.caller.stop(error)
  }

  /** For good, after `stop`: what is still under way rejects. */
  close(error: unknown): void {
    this.stop(error)
    this.main.caller.close(error)
    this.#leases.giveBackAll()
    for (const { usage } of this.#copies) usage.leases.giveBackAll()
  }

  /** Resolves once nothing loads, serves or is being unloaded, and its last workers are gone, or were given up on. */
  async atRest(): Promise<void> {
    await Promise.all(this.#copies.map(async (copy) => copy.atRest()))
  }

  /** Somebody registers a component of that name: if a copy has it, that one gets another. */
  yieldName(name: string): void {
    for (const copy of this.#copies) if (copy.name === name) copy.name = this.#freeName(name)
  }

  isOneOfSeveral(copy: Supervisor): boolean {
    return this.#serving.some((other) => other !== copy)
  }

  hasToStay(_copy: Supervisor): boolean {
    return this.#serving.length <= this.#limits.min
  }

  isLoadedWithOthers(copy: Supervisor): boolean {
    return this.#copies.some((other) => other !== copy && other.state.status === 'loading')
  }

  isRetired(copy: Supervisor): boolean {
    return this.#recycling.isRetired(copy)
  }

  get isRecycling(): boolean {
    return this.#recycling.isUnderWay
  }

  async recycle(copy: Supervisor): Promise<void> {
    await this.#recycling.replace(copy, true)
  }

  /** Replaces the generations of all copies that serve, one after the other. */
  async recycleAll(): Promise<void> {
    const { keepAlive } = this.#surroundings
    // Also those that are being replaced already.
    const there = this.#copies.filter(
      (copy) => copy.state.status === 'ready' && !copy.isRetired && !this.#recycling.standsBy(copy),
    )
    for (const copy of there) await keepAlive.during(this.recycle(copy))
  }

  fewCallsLeft(copy: Supervisor): void {
    if (this.#stopped) return
    // Not before the call that was the last one is sent.
    if (copy.isSpent) queueMicrotask(() => this.#leases.follow())
    this.#recycling.replace(copy, copy.isSpent).catch((error: unknown) => {
      if (this.#stopped) return
      this.#surroundings.recycleFailed(error)
      // It is there still, and takes no more calls.
      if (copy.isSpent) setTimeout(() => this.#replaceIfSpent(copy), replaceAgainAfter).unref()
    })
  }

  #replaceIfSpent(copy: Supervisor): void {
    if (copy.isSpent && copy.state.status === 'ready' && !copy.isRetired) this.fewCallsLeft(copy)
  }

  ready(copy: Supervisor, generation: Generation): void {
    if (!this.#recycling.standsBy(copy)) {
      this.main.attach(generation, copy.budget)
      this.#peers.ready(generation, copy.budget)
    }
    this.#leases.follow()
  }

  loadFailed(copy: Supervisor, error: unknown): void {
    if (this.#recycling.standsBy(copy)) return
    // The one that it was to replace goes first, then.
    if (this.#recycling.isSuccessor(copy) && isForWantOfMemory(error)) return
    const { serving, loading } = this.#count
    if (serving + loading === 0) this.main.caller.rejectWaiting(error)
    else this.#growAgainAt = monotonicNow() + growAgainAfter
  }

  over(copy: Supervisor): void {
    this.#leases.follow()
    this.#recycling.due(copy)
    // An unload that was called off may have kept it from being replaced.
    this.#replaceIfSpent(copy)
    if (this.main.caller.waiting > 0) this.#callWaits()
  }

  #callWaits(): void {
    const { backingOff } = this
    const { serving, loading, leaving } = this.#count
    if (backingOff && serving + loading + leaving === 0) {
      this.main.caller.rejectWaiting(backingOff)
      return
    }
    const count = copiesToBegin(this.#count, this.#limits, this.main.caller.waiting, this.#isHeldUp)
    if (count === 0) return
    // What goes wrong is told to the calls that wait, by then.
    const cause: LoadCause = serving + loading > 0 ? { by: 'busy-copies', of: null } : { by: 'call', of: null }
    for (const copy of this.#toBegin(count)) copy.load(cause).catch(() => {})
  }

  get #limits(): ResolvedDefinition['instances'] {
    return this.definition.instances
  }

  get #isHeldUp(): boolean {
    return this.backingOff !== undefined || monotonicNow() < this.#growAgainAt
  }

  get #serving(): Supervisor[] {
    return this.#copies.filter((copy) => copy.state.status === 'ready' && !copy.isSpent && this.#takesPart(copy))
  }

  /** It has one of the places: it was not replaced by another one that is there for calls, and is not only to be there for them later. */
  #takesPart(copy: Supervisor): boolean {
    if (copy.isSpent && this.#recycling.hasSuccessor(copy)) return false
    return !this.#recycling.isRetired(copy) && !this.#recycling.standsBy(copy)
  }

  get #count(): CopyCount {
    const count = { serving: 0, loading: 0, leaving: 0 }
    for (const copy of this.#copies) {
      const { state } = copy
      if (!this.#takesPart(copy)) continue
      if (state.status === 'ready' && !copy.isSpent) count.serving++
      else if (state.status === 'loading') count.loading++
      else if (isLoaded(state)) count.leaving++
    }
    return count
  }

  /** So many that are not there yet: those being loaded first, then those for which there is a place, then those that have to be gone before. */
  #toLoad(count: number): Supervisor[] {
    const loading = this.#copies.filter((copy) => copy.state.status === 'loading' && this.#takesPart(copy))
    const leaving = this.#copies.filter(({ state }) => state.status === 'draining' || state.status === 'unloading')
    return [...loading, ...this.#toBegin(count - loading.length), ...leaving].slice(0, count)
  }

  /** So many for which there is a place, and whose load has not begun; fewer where there are not so many places. */
  #toBegin(count: number): Supervisor[] {
    const wanted = Math.min(count, placesFor(this.#count, this.#limits))
    const free = this.#freeCopies
    while (free.length < wanted) free.push(this.#addCopy(this.#freeName()))
    return free.slice(0, Math.max(0, wanted))
  }

  /** Another one, where there is a place, unless one is being loaded already. */
  async #loadAnother(): Promise<void> {
    if (this.#count.loading > 0) return
    const [copy] = this.#toBegin(1)
    await copy?.load({ by: 'recycle', of: null })
  }

  get #freeCopies(): Supervisor[] {
    return this.#copies.filter(({ state }) => !isLoaded(state))
  }

  /** Calls go to `next` from now on. It has the name by which the copy is known, and is as idle as the one before it. */
  #swap(old: Supervisor, next: Supervisor): void {
    ;[old.name, next.name] = [next.name, old.name]
    next.idleFrom = this.#surroundings.now() - old.idleTime
    if (next.generation && !this.main.caller.has(next.generation.number)) this.main.attach(next.generation, next.budget)
    this.#leases.follow()
  }

  #retire({ generation }: Supervisor): void {
    if (!generation) return
    this.main.caller.retire(generation.number)
    this.#surroundings.generationRetired(generation.number)
  }

  #addCopy(name: string): Supervisor {
    const copy = new Supervisor(this.definition, name, this, this.#surroundingsOf)
    if (this.#stopped) copy.stop(this.#stopped.error)
    this.#copies.push(copy)
    return copy
  }

  /** @param taken one that it must not be. */
  #freeName(taken?: string): string {
    for (let number = 2; ; number++) {
      const name = `${this.name}#${number}`
      const isTaken = name === taken || this.#copies.some((copy) => copy.name === name)
      if (!isTaken && this.#surroundings.peerIfAny(name) === undefined) return name
    }
  }
}

/** Side by side. @throws the one error, or an AggregateError of all. */
export async function loadAll(components: readonly Component[]): Promise<void> {
  const results = await Promise.allSettled(components.map(async (component) => component.load()))
  const errors = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown)
  if (errors.length === 1) throw errors[0] as Error
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} components could not be loaded`)
}

function leastUsed(copies: readonly Supervisor[]): Supervisor | undefined {
  let chosen: Supervisor | undefined
  for (const copy of copies) if (!chosen || copy.usage.held < chosen.usage.held) chosen = copy
  return chosen
}
