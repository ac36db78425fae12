import { wallTime } from '../base/monotonic.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import { addGrowthSample, emptyGrowth, nextInterval, peakGrowth, sustainedGrowth } from './decide/growth.ts'
import type { GrowthWindow } from './decide/growth.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { MemoryBook } from './account/book.ts'
import { effectiveLimit } from './options.ts'
import type { MemoryOptions } from './options.ts'
import {
  bytesToFree,
  clearShare,
  initialPressure,
  nextPressureChange,
  stepPressure,
  thresholdOf,
} from './decide/pressure.ts'
import type { PressureInput, PressureState } from './decide/pressure.ts'

/** ms that an unload is taken to need before one was measured. */
const assumedUnloadTime = 50
/** Of each further unload, this share goes into the average. */
const learning = 0.3

export interface PressureGaugeOptions {
  readonly book: MemoryBook
  /** As they are now. */
  readonly options: () => MemoryOptions
  /** Bytes that the operating system has not got back yet. */
  readonly pending: () => number
  /** ms of a monotonic clock. */
  readonly now: () => number
}

/** Turns figures into pressure: how full it is, how fast it fills, how much would have to go. */
export class PressureGauge {
  readonly #options: PressureGaugeOptions
  #state: PressureState
  #growth: GrowthWindow = emptyGrowth
  #unloadTime = assumedUnloadTime
  #usage: number
  #readAt: number

  constructor(options: PressureGaugeOptions) {
    this.#options = options
    this.#readAt = options.now()
    this.#state = initialPressure(this.#readAt)
    this.#usage = options.book.usage
  }

  /** Bytes: the total limit, or 90% of a smaller limit of the control group. */
  get limit(): number {
    return effectiveLimit(this.#options.options().totalLimit, this.#options.book.cgroup?.limit)
  }

  get level(): PressureLevel {
    return this.#state.level
  }

  /** True from lowThreshold on: components should drop what they can, and spares are a luxury. */
  get trim(): boolean {
    return this.#state.trim
  }

  /** Usage at the last reading, bytes. */
  get usage(): number {
    return this.#usage
  }

  /** By the last figures of all workers. */
  ledger(): Ledger {
    return this.#draw()
  }

  /** ms since the last reading. */
  get age(): number {
    return this.#options.now() - this.#readAt
  }

  /** Takes a reading from the last figures of all workers. */
  read(): Ledger {
    const { now, options } = this.#options
    this.#readAt = now()
    const ledger = this.#draw()
    this.#growth = addGrowthSample(this.#growth, this.#readAt, ledger.usage)
    this.#state = stepPressure(this.#state, this.#input(ledger.usage, ledger.limit), options())
    this.#usage = ledger.usage
    return { ...ledger, pressureLevel: this.#state.level }
  }

  /** Usage is larger or smaller by that many bytes at once, because a load was let in or a worker is gone: that is no growth. */
  jumped(bytes: number): void {
    this.#growth = this.#growth.map((sample) => ({ ...sample, bytes: sample.bytes + bytes }))
  }

  /** @param time ms that an unload took: how far ahead growth is looked at. */
  unloadTook(time: number): void {
    this.#unloadTime += learning * (time - this.#unloadTime)
  }

  /** Bytes that have to go at the current level, by the last figures. */
  need(): number {
    return bytesToFree(this.level, this.#input(this.#options.book.usage, this.limit), this.#options.options())
  }

  /** Bytes that would have to go at another level: usage is taken to be at its threshold at least. */
  needAt(level: PressureLevel): number {
    if (level === this.level) return this.need()
    if (level === 'low') return 0
    const threshold = thresholdOf(level, this.#options.options())
    const { limit } = this
    return Math.max(this.#options.book.usage, threshold * limit) - clearShare(threshold) * limit
  }

  /** True when usage, if it goes on growing as it does, reaches the limit before two unloads are done: there is no time for anything else. */
  get isUrgent(): boolean {
    const left = this.limit - this.#options.book.usage
    return this.#sustained > 0 && left <= this.#sustained * this.#unloadTime * 2
  }

  /** ms from the last reading to the next one that is due. */
  get interval(): number {
    const { book, options } = this.#options
    const { limit } = this
    const input = { usage: this.#usage, limit, growth: peakGrowth(this.#growth), components: book.growths(limit) }
    const settings = options()
    const change = (nextPressureChange(this.#state) ?? Number.POSITIVE_INFINITY) - this.#readAt
    return Math.max(1, Math.min(nextInterval(input, settings, settings.checkInterval), change))
  }

  /** Growth of usage that has lasted, bytes/ms. */
  get #sustained(): number {
    return sustainedGrowth(this.#growth)
  }

  #input(usage: number, limit: number): PressureInput {
    return { time: this.#options.now(), usage, limit, growth: this.#sustained, unloadTime: this.#unloadTime }
  }

  #draw(): Ledger {
    const { book, pending } = this.#options
    return book.ledger({
      time: wallTime(this.#readAt),
      limit: this.limit,
      pending: pending(),
      pressureLevel: this.#state.level,
    })
  }
}
