import { setTimeout as sleep } from 'node:timers/promises'
import type { ComponentCoordinator, ComponentMemory, UnloadReport } from '../index.ts'
import { collectGarbage } from '../host/collect-garbage.ts'
import type { Candle, LazyHistoricalDataService } from '../services/index.ts'
import { realSymbol, syntheticSymbol } from './prepare-data.ts'
import type { Dataset } from './prepare-data.ts'

/** What was seen from one load of a component to the next. ms and bytes. */
export interface TourFacts {
  /** `rss`: resident set of the whole process. */
  readonly notLoaded: { readonly state: string; readonly rss: number }
  readonly firstCall: CallFacts
  /** Made-up candles, read piece by piece as bars of one minute. */
  readonly calls: {
    readonly count: number
    readonly bars: number
    readonly duration: number
    readonly lowest: number
    readonly highest: number
  }
  /** `memory`: the worker's own, as the main thread sees it. */
  readonly loaded: { readonly state: string; readonly rss: number; readonly memory: ComponentMemory | null }
  readonly unload: UnloadReport
  readonly unloaded: { readonly state: string; readonly rss: number; readonly rssLater: number }
  /** How much of what loading added to the resident set is back three seconds later, 0 to 1. */
  readonly returned: number
  readonly nextCall: CallFacts
}

/** A call that loaded the component. `answer`: the latest daily candle of the index. */
export interface CallFacts {
  readonly duration: number
  readonly loadTime: number | null
  readonly generation: number
  readonly answer: Candle | null
}

const barsPerCall = 100_000
const minute = 60_000

/** Loads the service by using it, fills its cache, unloads it, and uses it again. */
export async function tour(
  coordinator: ComponentCoordinator,
  service: LazyHistoricalDataService,
  datasets: readonly Dataset[],
): Promise<TourFacts> {
  const notLoaded = { state: service.info().state, rss: residentSet() }
  const firstCall = await callLatest(service)
  const calls = await readSynthetic(service, datasets)
  await coordinator.memory.sample()
  const { state, memory } = service.info()
  const loaded = { state, rss: residentSet(), memory }
  const unload = await service.unload()
  const unloaded = { state: service.info().state, rss: residentSet(), rssLater: await residentSetIn(3_000) }
  const returned = (loaded.rss - unloaded.rssLater) / (loaded.rss - notLoaded.rss)
  return { notLoaded, firstCall, calls, loaded, unload, unloaded, returned, nextCall: await callLatest(service) }
}

async function callLatest(service: LazyHistoricalDataService): Promise<CallFacts> {
  const start = performance.now()
  const answer = await service.getLatestData(realSymbol)
  const duration = performance.now() - start
  const { lastLoadTime, generation } = service.info()
  return { duration, loadTime: lastLoadTime, generation, answer }
}

async function readSynthetic(
  service: LazyHistoricalDataService,
  datasets: readonly Dataset[],
): Promise<TourFacts['calls']> {
  const { from = 0, to = 0 } = datasets.find(({ symbol }) => symbol === syntheticSymbol) ?? {}
  const start = performance.now()
  let [count, bars, lowest, highest] = [0, 0, Infinity, -Infinity]
  for (let time = from; time < to; time += barsPerCall * minute) {
    const end = Math.min(to, time + barsPerCall * minute)
    const candles = await service.getHistoricalData(syntheticSymbol, time, end, '1m')
    count++
    bars += candles.length
    lowest = candles.low.reduce((a, b) => Math.min(a, b), lowest)
    highest = candles.high.reduce((a, b) => Math.max(a, b), highest)
  }
  return { count, bars, duration: performance.now() - start, lowest, highest }
}

/** Bytes, without the garbage of this thread: answers that were moved here and are not needed any more. */
function residentSet(): number {
  collectGarbage()
  return process.memoryUsage.rss()
}

async function residentSetIn(delay: number): Promise<number> {
  await sleep(delay)
  return residentSet()
}
