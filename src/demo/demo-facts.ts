import type { Dataset } from './prepare-data.ts'
import type { TourFacts } from './tour.ts'

/** Everything the demo has to say. */
export interface DemoFacts {
  readonly node: string
  /** Whether V8 was told to give the pages of ended threads back at once. */
  readonly flag: boolean
  /** Path of the database file. */
  readonly database: string
  readonly datasets: readonly Dataset[]
  readonly tour: TourFacts
}
