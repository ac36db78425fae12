import type { ResolvedDefinition } from '../../component/definition.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { AutomaticDecision } from '../../contract/automatic-decision.ts'
import type { Regret } from '../../contract/events.ts'
import type { UnloadReason } from '../../contract/unload-report.ts'
import { regretWords } from '../../words/decision-words.ts'
import { RAPID_RELOAD } from '../tuning.ts'

/** Unloads that nobody asked for, and that a load soon after shows to have been a mistake of ours. */
const ours: ReadonlySet<UnloadReason> = new Set(['pressure', 'admission', 'family'])

interface Unloaded {
  /** ms. */
  readonly at: number
  readonly generation: number
  readonly decision: AutomaticDecision | null
}

/** Counts automatic unloads, and those of them after which the component was loaded again within 60 s. */
export class Regrets {
  readonly #now: () => number
  /** Those that were unloaded last, and not loaded since; copies of one component are one. */
  readonly #unloaded = new WeakMap<ResolvedDefinition, Unloaded>()
  #unloads = 0
  #reloaded = 0

  /** @param now ms of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  get total(): { readonly unloads: number; readonly reloaded: number } {
    return { unloads: this.#unloads, reloaded: this.#reloaded }
  }

  unloaded({ definition, unloadedBy }: Supervisor, generation: number, reason: UnloadReason | undefined): void {
    if (reason === undefined || !ours.has(reason)) return
    this.#unloads++
    this.#unloaded.set(definition, { at: this.#now(), generation, decision: unloadedBy })
  }

  /** What it was loaded again after too soon, if it was. */
  loaded({ definition, counters }: Supervisor): Regret | null {
    const before = this.#unloaded.get(definition)
    this.#unloaded.delete(definition)
    const ago = before && this.#now() - before.at
    if (!before || ago === undefined || ago > RAPID_RELOAD) return null
    this.#reloaded++
    counters.regrets++
    return { ago: Math.round(ago), generation: before.generation, why: regretWords(ago, before.decision) }
  }
}
