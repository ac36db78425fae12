import { setTimeout as delay } from 'node:timers/promises'

/** The clock and the dice, so that policies can be tested without waiting. */
export interface Timing {
  /** ms since the epoch, as the clock was set when this thread began: setting it changes no time that is waited for. */
  now(): number
  /** From 0 to 1, 1 excluded. */
  random(): number
  /** Rejects with the signal's reason when aborted; leaves no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemTiming: Timing = {
  now: () => performance.timeOrigin + performance.now(),
  random: Math.random,
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
