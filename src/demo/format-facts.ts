import type { DemoFacts } from './demo-facts.ts'

/** The facts as a few lines for people. */
export function formatFacts({ node, database, datasets, tour }: DemoFacts): string {
  const { notLoaded, firstCall, calls, loaded, unload, unloaded, nextCall } = tour
  const { answer } = firstCall
  const lines: [string, string][] = [
    ['runs on', `Node ${node}`],
    ['database', database],
    ...datasets.map(({ symbol, interval, synthetic, candles, imported }): [string, string] => {
      const what = `${integer(candles)} ${synthetic ? 'made-up' : 'real'} candles of ${interval}`
      return [symbol, imported > 0 ? `${what}, ${integer(imported)} imported now` : what]
    }),
    ['not loaded', `state ${notLoaded.state}, resident set ${mb(notLoaded.rss)}`],
    [
      'first call',
      `${ms(firstCall.duration)}, of which the load took ${ms(firstCall.loadTime ?? Number.NaN)}: the latest close of the S&P 500 is ${answer?.close} (${day(answer?.time ?? 0)})`,
    ],
    [
      'calls',
      `${calls.count} calls read ${integer(calls.bars)} bars in ${ms(calls.duration)}: lowest ${calls.lowest.toFixed(2)}, highest ${calls.highest.toFixed(2)}`,
    ],
    ['loaded', `state ${loaded.state}, resident set ${mb(loaded.rss)}`],
  ]
  if (loaded.memory) {
    const { used, physical, external, reported, total } = loaded.memory
    lines.push([
      'its worker',
      `${mb(total)}, seen from outside: heap ${mb(physical)} (${mb(used)} in use), buffers ${mb(external)}, SQLite ${mb(reported)}`,
    ])
  }
  lines.push(
    [
      'unload',
      `${mb(unload.predicted)} measured before; the resident set fell by ${mb(unload.released)} at once, ${mb(unload.retained)} are kept for reuse; the thread took ${ms(unload.times.terminate)} to end`,
    ],
    [
      'unloaded',
      `state ${unloaded.state}, resident set ${mb(unloaded.rss)}, three seconds later ${mb(unloaded.rssLater)}: ${(100 * tour.returned).toFixed(1)}% of what loading added is back`,
    ],
    ['next call', `${ms(nextCall.duration)}: loaded again, generation ${nextCall.generation}`],
  )
  return lines.map(([label, text]) => `${label.padEnd(12)}${text}\n`).join('')
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`
}

function integer(value: number): string {
  return value.toLocaleString('en')
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
