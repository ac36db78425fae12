/** What components that hibernate must know after an unload: as much as before, unless they died, or it was said that their state is lost. */

interface Bumped {
  readonly generation: number
  readonly bumps: number
}

interface Known extends Bumped {
  /** How often it had been bumped when this generation began, at least. */
  readonly least: number
  /** What this generation knew need not be known by the next one, also what it answers from now on. */
  readonly isLost: boolean
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
  bumped(component: string, { generation, bumps }: Bumped): void {
    const known = this.#known.get(component) ?? { generation, bumps: 0, least: 0, isLost: false }
    // Answers come in any order, and those that had arrived after what became of their generation is told.
    if (generation < known.generation || (generation === known.generation && known.isLost)) return
    const least = generation === known.generation ? known.least : known.bumps
    if (bumps <= least) {
      this.#report(
        `generation ${generation} of ${component} was bumped ${bumps} times, and earlier ones ${least} times`,
      )
    }
    this.#known.set(component, { generation, bumps: Math.max(bumps, known.bumps), least, isLost: false })
  }

  /** Nothing that it knew in that generation, or before, need be known any longer. */
  lost(component: string, generation = this.#known.get(component)?.generation ?? 0): void {
    this.#known.set(component, { generation, bumps: 0, least: 0, isLost: true })
  }

  /** A line of the log. */
  logged(fields: unknown, message: unknown): void {
    if (typeof fields !== 'object' || fields === null || !('component' in fields)) return
    const { component } = fields
    if (typeof component === 'string' && typeof message === 'string' && saidToBeLost.test(message)) this.lost(component)
  }
}
