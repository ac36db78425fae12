import { BanRecord } from '../src/services/connectors/ban-record.ts'
import type { ConnectorConfig } from '../src/services/connectors/config.ts'
import type { ExchangeConnector } from '../src/services/connectors/connector.ts'
import { createExchangeConnector } from '../src/services/connectors/exchange-connector.ts'
import { RateGate } from '../src/services/connectors/rate-gate.ts'
import { systemTiming } from '../src/services/timing/timing.ts'
import { defineComponent } from '../src/worker.ts'

/** `ban`: kept by the coordinator's thread. */
type Config = ConnectorConfig & { readonly ban?: SharedArrayBuffer }

export default defineComponent<ExchangeConnector, Config>(({ ban, ...config }, context) =>
  createExchangeConnector(config, context, systemTiming, new RateGate(systemTiming, new BanRecord(ban))),
)
