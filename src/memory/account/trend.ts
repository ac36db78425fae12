import { addGrowthSample, emptyGrowth, peakGrowth, sustainedGrowth } from '../decide/growth.ts'
import type { GrowthWindow } from '../decide/growth.ts'
import { END_TIME } from '../tuning.ts'

/** How usage as a whole moves, and how long it takes to do something about it. */
export class Trend {
  #window: GrowthWindow = emptyGrowth
  #unloadTime = END_TIME

  /** @param time ms of the monotonic clock. @param usage bytes. */
  measured(time: number, usage: number): void {
    this.#window = addGrowthSample(this.#window, time, usage)
  }

  /** Usage is larger or smaller by that many bytes at once, because a load was let in or a worker is gone: that is no growth. */
  jumped(bytes: number): void {
    this.#window = this.#window.map((sample) => ({ ...sample, bytes: sample.bytes + bytes }))
  }

  /** @param time ms that an unload took, drain and dispose hook included. */
  unloadTook(time: number): void {
    this.#unloadTime = (this.#unloadTime + time) / 2
  }

  /** ms that the next unload is taken to need: how far ahead growth is looked at. */
  get unloadTime(): number {
    return this.#unloadTime
  }

  /** Growth that has lasted, bytes/ms. */
  get sustained(): number {
    return sustainedGrowth(this.#window)
  }

  /** The steepest growth of late, bytes/ms. */
  get peak(): number {
    return peakGrowth(this.#window)
  }
}
