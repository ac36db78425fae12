import type { Dataset } from './prepare-data.ts'
import type { TourFacts } from './tour.ts'

/** Everything the demo has to say. */
export interface DemoFacts {
  readonly node: string
  /** Path of the database file. */
  readonly database: string
  readonly datasets: readonly Dataset[]
  readonly tour: TourFacts
}
