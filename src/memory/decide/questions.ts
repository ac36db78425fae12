import { FASTEST_GROWTH, SAMPLES_AHEAD, WORTH_ASKING } from '../tuning.ts'

/** A worker that has worked since it was measured, and has told nothing since. */
export interface Silent {
  /** ms of work that are in no figures of it; Infinity: there are none yet. */
  readonly unseen: number
  /** It has worked for most of the time since the last look: to ask it wakes nobody. */
  readonly isRunning: boolean
  /** Bytes that it may take before it passes a limit of its own, or of its family. */
  readonly room: number
}

export interface Questions<T> {
  readonly asked: readonly T[]
  /** How many of them sleep, and can hardly have come near a limit. */
  readonly spent: number
}

/**
 * Who of those that have worked unseen is asked. A question wakes a worker that sleeps and costs what dozens of its calls do, so that is done where it may matter: if it
 * can have taken a share of the room up to the nearest limit, at the fastest growth there is. The others are asked one after the other, so that their figures are true some day.
 *
 * @param room bytes until the pressure changes, or the limit: for all of them together.
 * @param allowance how many may be woken only for that.
 */
export function worthAsking<T extends Silent>(silent: readonly T[], room: number, allowance: number): Questions<T> {
  const share = room / Math.max(1, silent.length)
  const mayMatter = (one: T): boolean =>
    one.unseen * FASTEST_GROWTH * SAMPLES_AHEAD >= Math.max(0, Math.min(one.room, share))
  const asked = silent.filter((one) => one.isRunning || mayMatter(one))
  if (asked.length === silent.length || allowance < 1) return { asked, spent: 0 }
  const chosen = new Set(asked)
  const others = silent
    .filter((one) => !chosen.has(one))
    .toSorted((a, b) => b.unseen - a.unseen)
    .slice(0, Math.floor(allowance))
  return { asked: [...asked, ...others], spent: others.length }
}

/** Less leaves its figures as they are. @param unseen ms. */
export const isWork = (unseen: number): boolean => unseen >= WORTH_ASKING
