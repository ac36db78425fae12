import { fileURLToPath } from 'node:url'
import type { ImportProgress, LazyHistoricalDataService } from '../services/index.ts'
import { ProgressBar } from './progress-bar.ts'
import type { ProgressStream } from './progress-bar.ts'

/** Real daily candles of the S&P 500 index since 2000, as the vega-datasets package ships them. */
export const realSymbol = 'SP500'
/** Made-up candles, and their name says so. */
export const syntheticSymbol = 'SYNTHETIC'

/** What the database holds of a symbol. */
export interface Dataset {
  readonly symbol: string
  readonly interval: string
  readonly synthetic: boolean
  readonly candles: number
  /** Of these, what was stored in this run. */
  readonly imported: number
  /** Epoch ms: the first candle, and the end of the last one. */
  readonly from: number
  readonly to: number
}

/** Imports what is not in the database yet. */
export async function prepareData(
  service: LazyHistoricalDataService,
  candles: number,
  stream: ProgressStream,
): Promise<Dataset[]> {
  const known = new Map((await service.listSymbols()).map(({ symbol, count }) => [symbol, count]))
  const imported = new Map<string, number>()
  const importAll = async (symbol: string, label: string, source: AsyncIterable<ImportProgress>): Promise<void> => {
    imported.set(symbol, await showProgress(label, source, stream))
  }
  if (!known.has(realSymbol)) {
    const csv = fileURLToPath(new URL('../data/sp500-2000.csv', import.meta.resolve('vega-datasets')))
    const source = service.importCsv(csv, { symbol: realSymbol, interval: '1d' })
    await importAll(realSymbol, 'S&P 500, daily', source)
  }
  if ((known.get(syntheticSymbol) ?? 0) < candles) {
    const source = service.importSynthetic({ symbol: syntheticSymbol, seed: 2_000, count: candles })
    await importAll(syntheticSymbol, 'synthetic, one minute', source)
  }
  return (await service.listSymbols()).map(({ symbol, interval, count, from, to }) => {
    const synthetic = symbol === syntheticSymbol
    return { symbol, interval, synthetic, candles: count, imported: imported.get(symbol) ?? 0, from, to }
  })
}

/** Moves an import on to its end; returns how many candles were new. */
async function showProgress(
  label: string,
  source: AsyncIterable<ImportProgress>,
  stream: ProgressStream,
): Promise<number> {
  let bar: ProgressBar | undefined
  let inserted = 0
  try {
    for await (const progress of source) {
      bar ??= new ProgressBar({ label, total: progress.totalBytes, unit: 'bytes', stream })
      bar.update(progress.bytes)
      inserted = progress.inserted
    }
    bar?.finish()
  } finally {
    bar?.[Symbol.dispose]()
  }
  return inserted
}
