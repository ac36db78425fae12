import type { Generation } from '../host/generation.ts'
import type { Hibernation } from './hibernation.ts'
import type { LifeRecord } from './life.ts'
import type { MainThreadEnd } from './main-thread-end.ts'

/** What the copies of one component have in common. */
export interface CopyShare<Copy> {
  readonly main: MainThreadEnd
  /** What the component left to its next generation. */
  readonly hibernation: Hibernation
  readonly record: LifeRecord
  /** The native addons that their generations have loaded. */
  readonly addons: Set<string>
  /** While the component backs off after failures: what a load of any copy rejects with. */
  readonly backingOff: Error | undefined
  /** Another copy serves, or is about to: this one can be done without. */
  isOneOfSeveral(copy: Copy): boolean
  /** Without it there would be fewer copies than there have to be. */
  hasToStay(copy: Copy): boolean
  /** Calls go to another generation; this one goes when nobody uses it any more. */
  isRetired(copy: Copy): boolean
  /** Some copy of the component is being replaced. */
  readonly isRecycling: boolean
  /** Replaces its generation by another one; resolves when it is gone. */
  recycle(copy: Copy): Promise<void>
  /** Few of its generation's calls are left, or none. */
  fewCallsLeft(copy: Copy): void
  /** Another copy is being loaded as well: what goes wrong with both counts once. */
  isLoadedWithOthers(copy: Copy): boolean
  /** It has a generation that can be called. */
  ready(copy: Copy, generation: Generation): void
  /** Its load came to nothing; calls may have waited for it. */
  loadFailed(copy: Copy, error: unknown): void
  /** Its unload is over, or it crashed: calls may have waited for that. */
  over(copy: Copy): void
}
