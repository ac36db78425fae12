import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { MemoryHolder } from './holders.ts'
import type { UnloadPlan } from '../../contract/unload-policy.ts'

/** What is to be done, and why. Each is begun and not waited for: the account shows what is under way, and the next decision is made of that. */
export type Action =
  /** Let a load in, and count its bytes from now on. */
  | { readonly kind: 'admit'; readonly request: number }
  /** Reject a load: what holds the memory that it needs. `family`: it is that of its family. */
  | {
      readonly kind: 'refuse'
      readonly request: number
      readonly holders: readonly MemoryHolder[]
      readonly family?: FamilyLimits
    }
  /** A request for free memory got all that there is. */
  | { readonly kind: 'settle'; readonly request: number }
  /** Unload it if it is idle. `request`: for whose sake, if not for pressure's. */
  | {
      readonly kind: 'unload'
      readonly name: string
      readonly reason: 'pressure' | 'admission' | 'free-memory' | 'family'
      readonly request: number | undefined
      readonly plan: UnloadPlan
    }
  /** Ask them to drop what they can. */
  | { readonly kind: 'trim'; readonly names: readonly string[]; readonly level: PressureLevel; readonly need: number }
  /** Have it drop what it can and collect its garbage within that time (ms), and measure it. */
  | { readonly kind: 'collect'; readonly name: string; readonly patience: number; readonly overrun: Overrun }
  /** End its worker at once: a memory limit is passed, and it is the one that took what is missing. */
  | { readonly kind: 'end'; readonly name: string; readonly overrun: Overrun }
  | { readonly kind: 'give-up-spares' }
  | { readonly kind: 'restore-spares' }
  /** Something could go, and idle floors keep it: worth advice if that is so again and again. */
  | { readonly kind: 'held-up'; readonly kept: UnloadPlan['kept'] }
  /** Tell that nothing could go. */
  | {
      readonly kind: 'exhausted'
      readonly level: Exclude<PressureLevel, 'low'>
      readonly missing: number
      readonly kept: UnloadPlan['kept']
    }

/** How far a limit is passed: for logs. Bytes, bytes/ms and ms. */
export interface Overrun {
  readonly which: 'own' | 'family' | 'total'
  readonly limit: number
  readonly held: number
  /** What the one that is asked or ended has taken since. */
  readonly taken: number
  readonly growth: number
  /** For how long it has been passed, as far as this thread could look. */
  readonly lasted: number
}
