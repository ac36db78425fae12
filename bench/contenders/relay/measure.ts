import { parentPort } from 'node:worker_threads'
import { callsWithin, timesOf } from '../../harness/repeat.ts'
import { quantile } from '../../harness/statistics.ts'

const text = 'x'.repeat(100)

/** What a worker finds out about its calls of another one. */
export interface RelayFigures {
  readonly calls: number
  /** µs */
  readonly p50: number
  readonly p99: number
  /** Thousands a second. */
  readonly rate: number
}

/** `width` calls in flight for `time` ms. */
export async function measureRelay(
  echo: (value: unknown) => Promise<unknown>,
  width: number,
  time: number,
): Promise<RelayFigures> {
  const before = performance.now()
  if (width === 1) {
    const times = await timesOf(time, () => echo(text))
    return { calls: times.length, p50: 1e3 * quantile(times, 0.5), p99: 1e3 * quantile(times, 0.99), rate: 0 }
  }
  const calls = await callsWithin(time, width, () => echo(text))
  return { calls, p50: 0, p99: 0, rate: calls / (performance.now() - before) }
}

/** In a worker without any library: measures when it is asked to. */
export function answerMeasurements(echo: (value: unknown) => Promise<unknown>): void {
  const answer = async (width: number, time: number): Promise<void> => {
    parentPort?.postMessage(await measureRelay(echo, width, time))
  }
  parentPort?.on('message', ([width, time]: [number, number]) => void answer(width, time))
}
