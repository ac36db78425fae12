import type { AdviceEvent } from '../contract/advice.ts'
import type { CrashEvent, ExhaustedEvent, LoadErrorEvent, LoadEvent, PressureEvent } from '../contract/events.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { UnloadReport } from '../contract/unload-report.ts'

interface Failure {
  readonly code: string | null
  readonly message: string
}

/** What is known of each kind of event beyond its component: plain JSON; bytes and ms. */
export interface EventDetails {
  /** `why`: the end of "loaded ...". */
  readonly load: Omit<LoadEvent, 'name'> & { readonly why: string }
  readonly 'load-error': Pick<LoadErrorEvent, 'generation'> & Failure
  readonly unload: Omit<UnloadReport, 'name'> &
    Pick<Ledger, 'pressureLevel' | 'usage' | 'limit'> & {
      /** ms after which a load showed it to have been a mistake; null: none has. */
      readonly regretted: number | null
    }
  readonly crash: Pick<CrashEvent, 'generation' | 'reason' | 'decision' | 'why'> & {
    readonly signal?: string
  } & Failure
  readonly pressure: PressureEvent
  readonly exhausted: ExhaustedEvent
  readonly zombie: { readonly generation: number }
  readonly advice: Pick<AdviceEvent, 'message' | 'urgent' | 'since' | 'over'> & { readonly advice: string }
  /** With what it was asked to do it with. */
  readonly action: { readonly action: string; readonly bytes?: number }
}

/** What happened, without when and to whom. */
export type Occurrence = {
  readonly [K in keyof EventDetails]: { readonly kind: K; readonly details: EventDetails[K] }
}[keyof EventDetails]

/** One thing that happened, as the page's feed and `/api/events` tell it. */
export type FeedEvent = Occurrence & {
  /** Rises by one with each event. */
  readonly id: number
  /** Epoch ms. */
  readonly time: number
  readonly severity: 'info' | 'warning' | 'error'
  readonly component: string | null
}
