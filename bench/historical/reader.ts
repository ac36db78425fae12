import type { Candles } from 'spillway/services'

/** Who reads candles: the service itself, in this thread or another one. */
export interface Reader {
  read(query: Query): Promise<Candles>
  clearCache(): Promise<void>
}

export type Query = readonly [symbol: string, from: number, to: number, interval: '1m' | '1h']

/** Opens the candles of a database that is there. */
export type OpenReader = (path: string) => Promise<Reader>
