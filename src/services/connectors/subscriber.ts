import type { MarketData } from './market-data.ts'

/** One who wants the updates of a symbol. */
export interface Subscriber {
  readonly id: string
  readonly kind: 'stream' | 'callback'
  /** Updates handed over. */
  readonly delivered: number
  /** Updates replaced by newer ones before they were handed over. */
  readonly conflated: number
  push(update: MarketData): void
  /** Nothing more will come; `error` if that is not as it was wanted. */
  end(error?: Error): void
}
