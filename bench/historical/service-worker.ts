import { parentPort, workerData } from 'node:worker_threads'
import { buffersOf } from '../../src/services/historical-data/candles.ts'
import { openService } from './open-service.ts'

type Call = readonly [id: number, method: 'getHistoricalData' | 'clearCache', args: readonly unknown[]]

const service = await openService(workerData as string)

async function answer([id, method, args]: Call): Promise<void> {
  if (method === 'clearCache') {
    service.clearCache()
    parentPort?.postMessage([id])
    return
  }
  const candles = await service.getHistoricalData(...(args as Parameters<typeof service.getHistoricalData>))
  parentPort?.postMessage([id, candles], buffersOf(candles))
}

parentPort?.on('message', (call: Call) => void answer(call))
