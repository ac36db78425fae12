import type { ComponentOrigin } from './component-origin.ts'
import type { AutomaticDecision } from './automatic-decision.ts'

/** Why a component is being unloaded. 'recycled': another generation takes its place. 'family': its family has as much as it may have, or as many loaded. */
export type UnloadReason =
  | 'requested'
  | 'idle'
  | 'pressure'
  | 'admission'
  | 'free-memory'
  | 'family'
  | 'recycled'
  | 'shutdown'
  | 'unregistered'

/** A child process that a component has left behind. */
export interface LeftChild {
  readonly pid: number
  /** Its file and arguments, cut off. */
  readonly command: string
}

/** What an unload did. Bytes and ms. */
export interface UnloadReport extends ComponentOrigin {
  readonly generation: number
  readonly reason: UnloadReason
  /** What the component was measured to hold when the unload began. */
  readonly predicted: number
  /** How much smaller the resident set of the process is since; other threads' allocations blur it. */
  readonly released: number
  /** What the operating system has not got back of `predicted`: V8 or the allocator keeps it for reuse. */
  readonly retained: number
  /** What was done to give memory back, and what will be. */
  readonly how: readonly string[]
  /** Child processes that were still running, and were ended. */
  readonly children: readonly LeftChild[]
  readonly times: { readonly drain: number; readonly dispose: number; readonly terminate: number }
  /** The worker did not die by its deadline: it is still alive, and still counted. */
  readonly zombie: boolean
  /** What it was decided by; null where it was asked for by name. */
  readonly decision: AutomaticDecision | null
  /** The same as one sentence: what was measured, which rule that meets, who goes, who stays and why. */
  readonly why: string | null
  /** What came of it, as one sentence; null where there was no worker to end. */
  readonly outcome: string | null
}
