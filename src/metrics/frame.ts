import type { ComponentInfo } from '../component/component-info.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { Ledger } from '../memory/ledger.ts'

/** What all metrics of one scrape are read from. */
export interface Frame {
  readonly components: readonly ComponentInfo[]
  readonly ledger: Ledger
}

/** ms: older figures are measured anew at a scrape. */
const freshEnough = 1_000

/** Takes one frame for all metrics that are asked for at the same time. */
export class FrameTaker {
  readonly #coordinator: ComponentCoordinator
  readonly #taken: (frame: Frame) => void
  #frame: Promise<Frame> | undefined

  /** @param taken is given each new frame first. */
  constructor(coordinator: ComponentCoordinator, taken: (frame: Frame) => void) {
    this.#coordinator = coordinator
    this.#taken = taken
  }

  async take(): Promise<Frame> {
    this.#frame ??= this.#take().finally(() => {
      this.#frame = undefined
    })
    return this.#frame
  }

  async #take(): Promise<Frame> {
    const { memory, isShutdown } = this.#coordinator
    let ledger = memory.ledger()
    if (!isShutdown && Date.now() - ledger.time > freshEnough) ledger = await memory.sample()
    const frame = { components: this.#coordinator.list(), ledger }
    this.#taken(frame)
    return frame
  }
}
