import type { ComponentInfo } from '../contract/component-info.ts'
import { collectComponentMetrics } from '../component/component-metrics.ts'
import type { ComponentMetrics } from '../component/metrics-takers.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { Ledger } from '../contract/ledger.ts'

/** What all metrics of one scrape are read from. */
export interface Frame {
  readonly components: readonly ComponentInfo[]
  readonly ledger: Ledger
}

/** ms that components have to hand over metrics of their own. */
const componentDeadline = 500
/** ms: older figures are measured anew at a scrape. */
const freshEnough = 1_000

/** Is given each new frame first, and what components gave as metrics of their own. */
export type Taken = (frame: Frame, ofComponents: ReadonlyMap<string, readonly ComponentMetrics[]>) => void

/** Takes one frame for all metrics that are asked for at the same time. */
export class FrameTaker {
  readonly #coordinator: ComponentCoordinator
  readonly #taken: Taken
  #frame: Promise<Frame> | undefined

  constructor(coordinator: ComponentCoordinator, taken: Taken) {
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
    const { memory, isShutdown, parts } = this.#coordinator
    let ledger = memory.ledger()
    if (!isShutdown && memory.sampleAge > freshEnough) ledger = await memory.sample()
    const frame = { components: this.#coordinator.list(), ledger }
    this.#taken(frame, await collectComponentMetrics(parts.registry.registeredCopies, componentDeadline))
    return frame
  }
}
