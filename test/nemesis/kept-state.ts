/** What components that hibernate must know after an unload: as much as before, unless they died, or it was said that their state is lost. */

interface Known {
  readonly generation: number
  readonly bumps: number
}

/** What the runtime says when it goes on without a state. */
const saidToBeLost = /state is lost|start(?:s|ed) without it/

export class KeptState {
  readonly #known = new Map<string, Known>()
  readonly #report: (problem: string) => void

  constructor(report: (problem: string) => void) {
    this.#report = report
  }

  /** The component answered that it was bumped so many times. */
  bumped(component: string, { generation, bumps }: Known): void {
    const known = this.#known.get(component)
    // Answers of an earlier generation may be read after those of a later one.
    if (known && generation < known.generation) return
    if (known && bumps <= known.bumps) {
      this.#report(
        `${component} (generation ${generation}) was bumped ${bumps} times, and ${known.bumps} times in generation ${known.generation} already`,
      )
    }
    this.#known.set(component, { generation, bumps })
  }

  /** Nothing that it knew in that generation, or before, need be known any longer. */
  lost(component: string, generation = this.#known.get(component)?.generation ?? 0): void {
    this.#known.set(component, { generation, bumps: 0 })
  }

  /** A line of the log. */
  logged(fields: unknown, message: unknown): void {
    if (typeof fields !== 'object' || fields === null || !('component' in fields)) return
    const { component } = fields
    if (typeof component === 'string' && typeof message === 'string' && saidToBeLost.test(message)) this.lost(component)
  }
}
