import { openHistoricalData } from '../../src/services/historical-data/service.ts'
import type { HistoricalDataApi } from '../../src/services/historical-data/api.ts'
import type { ComponentLogger } from '../../src/worker.ts'

const nothing = (): void => {}

/** The class that is in the component, without a component: nobody asks what it holds, and it says nothing. */
export function openService(path: string): Promise<HistoricalDataApi> {
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing } as unknown as ComponentLogger
  return openHistoricalData(
    { path },
    {
      // As much of a logger as the service uses.
      logger,
      signal: new AbortController().signal,
      reportMemory: nothing,
      onPressure: () => nothing,
      dependencies: {},
    },
  )
}
