import type { Advice, AdviceEvent } from '../contract/advice.ts'

/** A piece as it was found. */
export interface Finding extends Omit<Advice, 'since'> {
  /** Epoch ms, where it is known; else it is since it was first found. */
  readonly since?: number
}

/** Which pieces of advice stand. Tells of each when it begins and when it is over: one set, whoever asks. */
export class StandingAdvice {
  readonly #tell: (event: AdviceEvent) => void
  #standing: ReadonlyMap<string, Advice> = new Map()

  constructor(tell: (event: AdviceEvent) => void) {
    this.#tell = tell
  }

  /** These stand now, and no others. @param now epoch ms. */
  found(findings: readonly Finding[], now: number): Advice[] {
    const before = this.#standing
    const standing = new Map<string, Advice>()
    for (const finding of findings) {
      standing.set(finding.id, { ...finding, since: finding.since ?? before.get(finding.id)?.since ?? now })
    }
    // First: whoever is told may ask.
    this.#standing = standing
    for (const [id, advice] of before) if (!standing.has(id)) this.#tell(eventOf(advice, true))
    for (const [id, advice] of standing) if (!before.has(id)) this.#tell(eventOf(advice, false))
    return [...standing.values()]
  }
}

const eventOf = (advice: Advice, over: boolean): AdviceEvent => ({
  ...advice,
  ...(advice.component !== undefined && { name: advice.component }),
  over,
})
