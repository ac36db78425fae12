import { defineComponent } from '../src/worker.ts'
import { openHistoricalData } from '../src/services/historical-data/service.ts'
import type { HistoricalDataApi } from '../src/services/historical-data/api.ts'
import type { HistoricalDataConfig } from '../src/services/historical-data/config.ts'

export default defineComponent<HistoricalDataApi, HistoricalDataConfig>((config, context) =>
  openHistoricalData(config, context),
)
