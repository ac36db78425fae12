import type { Random } from '../../bench/policy/random.ts'
import { ComponentAccount } from '../../src/memory/account/component-account.ts'
import { Learned } from '../../src/memory/account/learned.ts'
import type { GenerationFate } from '../../src/memory/account/component-account.ts'
import type { UnloadCandidate } from '../../src/contract/unload-policy.ts'
import { minResidency } from '../../src/memory/decide/residency.ts'
import type { ComponentSnapshot } from '../../src/memory/decide/snapshot.ts'
import type { Behaviour } from './scenario.ts'
import { emptyWorker, mib } from './scenario.ts'

type State =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'asking'; readonly id: number; readonly since: number }
  | { readonly kind: 'loading' | 'loaded' | 'unloading' | 'ending'; readonly since: number }

/** What its worker really holds. */
interface Holding {
  loaded: number
  kept: number
  garbage: number
  trimmed: number
  at: number
}

/** A component without a worker: what it does, what it really holds, and what the account knows of it. */
export class SimComponent {
  readonly is: Behaviour
  readonly account = new ComponentAccount(new Learned(0))
  state: State = { kind: 'unloaded' }
  generation = 0
  /** Calls under way; and those that wait for the next generation. */
  calls = 0
  waiting = 0
  lastUsed = 0
  /** While calls are under way: since when, without a break. */
  usedSince = 0
  loadTime = 0
  loads = 0
  #holding: Holding = { loaded: 0, kept: 0, garbage: 0, trimmed: 0, at: 0 }

  constructor(is: Behaviour) {
    this.is = is
  }

  get hasWorker(): boolean {
    return this.state.kind !== 'unloaded' && this.state.kind !== 'asking'
  }

  get inUse(): boolean {
    return this.calls > 0 || this.waiting > 0
  }

  /** What it really holds now, bytes. */
  bytes(now: number): number {
    if (!this.hasWorker) return 0
    this.#advance(now)
    const { loaded, kept, garbage, trimmed } = this.#holding
    return emptyWorker + loaded - trimmed + kept + garbage
  }

  /** What it has kept beyond what it was loaded with, bytes. */
  kept(now: number): number {
    this.#advance(now)
    return this.#holding.kept
  }

  startWorker(now: number): void {
    this.generation++
    this.loads++
    this.state = { kind: 'loading', since: now }
    this.#holding = { loaded: 0, kept: 0, garbage: 0, trimmed: 0, at: now }
  }

  workerGone(now: number, fate: GenerationFate): void {
    this.state = { kind: 'unloaded' }
    this.account.ended(now, fate)
  }

  isBlocked(now: number): boolean {
    const { blocked } = this.is
    return blocked !== undefined && now >= blocked.from && now < blocked.from + blocked.time
  }

  measure(now: number): void {
    const { native } = this.is
    const bytes = this.bytes(now)
    const heap = Math.max(0, bytes - native)
    const self = { reported: Math.min(native, bytes), uncounted: 0 }
    if (this.isBlocked(now)) this.account.late(self)
    else this.account.measured({ used: heap, physical: heap, external: 0, malloced: 0, heap }, self, now, now)
  }

  /** Drops what it can; its garbage too, unless it is at work and nobody insists. */
  trim(now: number, insists: boolean): void {
    this.#advance(now)
    this.#holding.trimmed = this.#holding.loaded * this.is.trimmable
    if (insists || this.calls === 0) this.#holding.garbage = 0
  }

  /** As long as a collection of all it holds takes, ms: some 0.6 ms a MB. */
  collectionTime(now: number): number {
    return 2 + (this.bytes(now) / mib) * 0.6
  }

  snapshot(
    now: number,
    frame: { minIdleTime: number; promised: number; dependents: readonly string[] },
  ): ComponentSnapshot {
    const { is, account, state } = this
    const phase = state.kind === 'loading' || state.kind === 'loaded' ? state.kind : 'leaving'
    return {
      name: is.name,
      key: `${is.name} ${this.generation}`,
      phase: phase === 'loaded' ? 'ready' : phase,
      bytes: account.memory?.total ?? 0,
      peak: account.learnedPeak ?? 0,
      limited: account.limited,
      age: now - (account.memory?.sampledAt ?? now),
      memoryLimit: is.memoryLimit,
      growth: account.sustainedGrowth,
      least: account.leastLately,
      promised: frame.promised,
      collecting: account.isCollecting,
      collectedAt: account.collectedAt,
      busySince: account.busySince,
      candidate: this.#candidate(now, frame),
    }
  }

  #candidate(now: number, frame: { minIdleTime: number; dependents: readonly string[] }): UnloadCandidate {
    const { is, account, state } = this
    const since = 'since' in state ? state.since : now
    return {
      name: is.name,
      loaded: state.kind === 'loaded',
      inUse: this.inUse || account.isStuck,
      pinned: is.pinned,
      priority: is.priority,
      bytes: account.memory?.total ?? 0,
      idleTime: this.inUse ? 0 : Math.max(0, now - Math.max(this.lastUsed, since)),
      minIdleTime: frame.minIdleTime,
      residentTime: now - since,
      minResidency: minResidency(account.residency, now),
      dependents: frame.dependents,
      reloadCost: this.loadTime,
      gaps: account.gaps,
    }
  }

  #advance(now: number): void {
    const holding = this.#holding
    const time = now - holding.at
    if (time <= 0) return
    const { is, state } = this
    if (state.kind === 'loading') holding.loaded = Math.min(is.size, holding.loaded + (is.size * time) / is.loadTime)
    if (this.calls > 0 && state.kind === 'loaded') {
      const leaked = Math.max(0, now - Math.max(holding.at, is.leak.from))
      holding.kept += is.leak.rate * leaked
      holding.garbage += is.garbage.rate * time
      // V8 collects by itself when its young generation is full.
      if (holding.garbage > is.garbage.most) holding.garbage %= Math.max(1, is.garbage.most)
    }
    holding.at = now
  }
}

/** Draws whether something with this chance happens. */
export const happens = (random: Random, chance: number): boolean => chance > 0 && random.next() < chance
