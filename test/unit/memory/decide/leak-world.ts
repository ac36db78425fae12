import { beginLeakWatch, leakOf, stepLeak, wantsProof } from '../../../../src/memory/decide/leak.ts'
import type { LeakReading } from '../../../../src/memory/decide/leak.ts'

export const mib = 1024 ** 2

/** What a made-up component retains, and how much garbage it makes. MiB and MiB/s; time in s since it was loaded. */
export interface Shape {
  readonly retained: (time: number) => number
  /** Garbage that is made; it is collected by itself once there are `sweep` MiB of it. */
  readonly garbage?: number
  readonly sweep?: number
  /** Whether there is a measurement at that time. Default: always. */
  readonly isMeasured?: (time: number) => boolean
}

export interface WorldOptions {
  /** MiB. */
  readonly limit?: number
  /** MiB that others hold. */
  readonly others?: number
  readonly lowThreshold?: number
  /** Measurements a second. */
  readonly rate?: number
}

/** What came of it: times in s. */
export interface Outcome {
  readonly named: readonly { readonly from: number; readonly to: number }[]
  readonly collections: readonly number[]
  /** MiB a second, at the last look at which it was named. */
  readonly pace: number
  readonly since: number
}

/** Lets a component live for so many seconds, and collects its garbage whenever a proof is wanted. */
export function live(
  { retained, garbage = 0, sweep = 16, isMeasured = () => true }: Shape,
  seconds: number,
  { limit = 488, others = 100, lowThreshold = 0.6, rate = 10 }: WorldOptions = {},
): Outcome {
  const named: { from: number; to: number }[] = []
  const collections: number[] = []
  let waste = 0
  let pace = 0
  let since = 0
  let isNamed = false
  const at = (time: number): LeakReading => {
    const bytes = (retained(time) + waste) * mib
    const usage = others * mib + bytes
    return {
      time: time * 1_000,
      bytes,
      limit: limit * mib,
      room: Math.max(0, limit * mib - usage),
      short: usage >= lowThreshold * limit * mib,
    }
  }
  let state = beginLeakWatch(at(0))
  for (let tick = 1; tick <= seconds * rate; tick++) {
    const time = tick / rate
    waste += garbage / rate
    if (waste > sweep) waste = 0
    if (!isMeasured(time)) continue
    state = stepLeak(state, at(time))
    if (wantsProof(state, at(time))) {
      waste = 0
      collections.push(time)
      state = stepLeak(state, { ...at(time), collected: 50 })
    }
    const leak = leakOf(state)
    if (leak) {
      pace = (leak.pace * 1_000) / mib
      since = leak.since / 1_000
    }
    if (leak && !isNamed) named.push({ from: time, to: Number.POSITIVE_INFINITY })
    else if (!leak && isNamed) named.push({ from: named.pop()?.from ?? 0, to: time })
    isNamed = leak !== undefined
  }
  return { named, collections, pace, since }
}
