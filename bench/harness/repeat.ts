import { quantile } from './statistics.ts'

/** How long each of a series of calls takes, one after the other for `time` ms. */
export async function timesOf(time: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + time
  for (let now = performance.now(); now < end;) {
    await call()
    const then = performance.now()
    times.push(then - now)
    now = then
  }
  return times
}

/** For `time` ms `width` callers side by side, each of which makes its next call when the last one is answered; how many calls that is. */
export async function callsWithin(time: number, width: number, call: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + time
  let calls = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await call()
      calls++
    }
  }
  await Promise.all(Array.from({ length: width }, caller))
  return calls
}

/** µs of processor time of all threads of this process, and of what `more` tells of others. */
export async function cpuOf<T>(
  work: () => Promise<T>,
  more: () => Promise<number> = async () => 0,
): Promise<[T, cpu: number]> {
  const othersBefore = await more()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return [result, user + system + (await more()) - othersBefore]
}

/** Median and 99th percentile in µs, and µs of processor time a call, of calls made one after the other. */
export async function oneAtATime(
  time: number,
  call: () => Promise<unknown>,
  more?: () => Promise<number>,
): Promise<[p50: number, p99: number, cpu: number]> {
  const [times, cpu] = await cpuOf(() => timesOf(time, call), more)
  return [1_000 * quantile(times, 0.5), 1_000 * quantile(times, 0.99), cpu / times.length]
}
