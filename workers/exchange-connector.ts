import type { ConnectorConfig } from '../src/services/connectors/config.ts'
import type { ExchangeConnector } from '../src/services/connectors/connector.ts'
import { createExchangeConnector } from '../src/services/connectors/exchange-connector.ts'
import { defineComponent } from '../src/worker.ts'

export default defineComponent<ExchangeConnector, ConnectorConfig>((config, context) =>
  createExchangeConnector(config, context),
)
