import { monotonicNow } from '../base/monotonic.ts'
import type { MemoryOptions } from '../contract/memory-options.ts'
import type { MemoryBook } from './account/book.ts'
import { nextPressureChange } from './decide/pressure.ts'
import type { PressureState } from './decide/pressure.ts'
import { nextLook, nextSample, roomLeft } from './decide/schedule.ts'

/** What the pace of measuring depends on, as things stand. */
export interface PaceOptions {
  readonly book: MemoryBook
  readonly pressure: () => PressureState
  /** ms until something has to be decided again that no sample shows. */
  readonly lookIn: () => number
  /** Requests for memory that wait. */
  readonly waiting: () => number
  /** Bytes. */
  readonly limit: () => number
  readonly options: () => MemoryOptions
}

/** How often memory is measured: as often as something may have to be decided. */
export class Pace {
  readonly #parts: PaceOptions

  constructor(parts: PaceOptions) {
    this.#parts = parts
  }

  /** ms from one sample to the next. */
  get interval(): number {
    const { book, pressure, lookIn, options } = this.#parts
    const limit = this.#parts.limit()
    const components = book.headroom.growths(limit)
    const { sampledUsage, latestUsage: latest, age, trend } = book
    const untilChange = (nextPressureChange(pressure()) ?? Number.POSITIVE_INFINITY) - monotonicNow()
    const input = { usage: sampledUsage, latest, limit, growth: trend.peak, components, age, untilChange }
    return nextSample({ ...input, lookIn: Math.min(lookIn(), book.nativeLookIn) }, options())
  }

  /** ms to the next look at what has run. */
  get look(): number {
    const { book, waiting } = this.#parts
    const { least } = book.headroom
    const room = least === undefined ? undefined : Math.min(least, this.room)
    return nextLook({ workers: book.live.size, room, waiting: waiting() })
  }

  /** Bytes that all together may take before something has to be decided. */
  get room(): number {
    const { book, limit, options } = this.#parts
    return roomLeft(book.usage, limit(), options())
  }
}
