import { costByCalls, type CostModel } from './cost-model.ts'
import { createRandom, type Random } from './random.ts'
import { inOrder, type Trace, type TraceCall, type TraceComponent } from './trace.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const MIB = 1024 ** 2

export interface WorkloadOptions {
  readonly seed: number
  /** How many components. */
  readonly components: number
  /** Length of the trace, ms. */
  readonly duration: number
  readonly cost: CostModel
}

export const defaultWorkloadOptions: WorkloadOptions = {
  seed: 1,
  components: 100,
  duration: 2 * HOUR,
  cost: 'size',
}

type Arrivals = (random: Random, components: number, duration: number) => TraceCall[]

/**
 * Popularity by Zipf's law (exponent 1), calls independent of each other, two a second on average. Rank and size and
 * cost are independent.
 */
const zipf: Arrivals = (random, components, duration) => {
  const pick = zipfPicker(random, components, 1)
  return poisson(random, 500, duration, pick)
}

/** Everybody in turn, for ever: what an LRU cache is worst at. */
const cyclic: Arrivals = (random, components, duration) => {
  const calls: TraceCall[] = []
  const gap = 1_000
  for (let i = 0; i * gap < duration; i++) {
    calls.push({ time: (i + 0.5 * random.next()) * gap, component: i % components })
  }
  return calls
}

/** Timers, as cron jobs have them: every 30 s to 30 minutes, each with a phase of its own and up to 1 s late. */
const periodic: Arrivals = (random, components, duration) => {
  const periods = [0.5, 1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE)
  return Array.from({ length: components }, (_, component) => {
    const period = periods[random.integer(periods.length)] ?? HOUR
    const calls: TraceCall[] = []
    for (let time = random.next() * period; time < duration; time += period) {
      calls.push({ time: time + 1_000 * random.next(), component })
    }
    return calls
  }).flat()
}

/** Zipf, but every half hour half of the components change ranks with each other. */
const shift: Arrivals = (random, components, duration) => {
  let ranks = Array.from({ length: components }, (_, i) => i)
  const pick = zipfPicker(random, components, 1)
  let shiftAt = HOUR / 2
  return poisson(random, 500, duration, (time) => {
    for (; time >= shiftAt; shiftAt += HOUR / 2) {
      const moving = random.shuffle(ranks.keys().toArray()).slice(0, components / 2)
      const moved = [...ranks]
      moving.forEach((from, i) => {
        moved[from] = ranks[moving[(i + 1) % moving.length] ?? from] ?? from
      })
      ranks = moved
    }
    return ranks[pick()] ?? 0
  })
}

/**
 * Bursts of some five calls, 300 ms apart on average; between two of them the component of rank k sleeps for k * 5 s on
 * average.
 */
const bursty: Arrivals = (random, components, duration) =>
  Array.from({ length: components }, (_, component) => {
    const sleep = (component + 1) * 5_000
    const calls: TraceCall[] = []
    let time = random.exponential(sleep)
    while (time < duration) {
      calls.push({ time, component })
      time += random.next() < 0.2 ? random.exponential(sleep) : random.exponential(300)
    }
    return calls
  }).flat()

/**
 * Zipf on the first fifth of the components, and every 20 minutes a scan that calls each of the others once, 2 s apart.
 */
const scanMix: Arrivals = (random, components, duration) => {
  const hot = Math.ceil(components / 5)
  const calls = poisson(random, 2_000, duration, zipfPicker(random, hot, 0.8))
  for (let scan = 10 * MINUTE; scan < duration; scan += 20 * MINUTE) {
    for (let i = hot; i < components; i++) {
      const time = scan + (i - hot) * 2_000 + 500 * random.next()
      if (time < duration) calls.push({ time, component: i })
    }
  }
  return calls
}

const arrivals = { zipf, cyclic, periodic, shift, bursty, 'scan-mix': scanMix } as const satisfies Record<
  string,
  Arrivals
>

export type WorkloadName = keyof typeof arrivals
export const workloadNames = Object.keys(arrivals) as readonly WorkloadName[]

/** The same options give the same trace. */
export function generateWorkload(name: WorkloadName, options: Partial<WorkloadOptions> = {}): Trace {
  const { seed, components, duration, cost } = { ...defaultWorkloadOptions, ...options }
  const random = createRandom(seed * 1_000 + workloadNames.indexOf(name))
  return {
    name,
    cost,
    components: Array.from({ length: components }, (_, i) => drawComponent(random, i, cost)),
    calls: inOrder(arrivals[name](random, components, duration)),
  }
}

/**
 * 20 to 240 MB, median 60; calls take 50 ms on average. Loads are independent of the size: 'size' 100 ms to 5 s, median
 * 500 ms; 'faascache' as its cost model finds them in the Azure Functions trace of 2019, 100 ms to 30 s, median 1 s.
 */
function drawComponent(random: Random, index: number, cost: CostModel): TraceComponent {
  const bytes = Math.round(Math.min(240, Math.max(20, random.logNormal(60, 0.6))) * MIB)
  const draw = random.logNormal(1, 1)
  return {
    name: `component-${index}`,
    bytes,
    initCost:
      cost === 'size' ? Math.round(Math.min(5_000, Math.max(100, 500 * draw ** 0.8))) : costByCalls(1_000 * draw ** 2),
    callTime: Math.max(1, Math.round(random.exponential(50))),
  }
}

function poisson(random: Random, meanGap: number, duration: number, pick: (time: number) => number): TraceCall[] {
  const calls: TraceCall[] = []
  for (let time = random.exponential(meanGap); time < duration; time += random.exponential(meanGap)) {
    calls.push({ time, component: pick(time) })
  }
  return calls
}

/** Draws index i with a probability proportional to 1 / (i + 1)^exponent. */
function zipfPicker(random: Random, count: number, exponent: number): () => number {
  const cumulative: number[] = []
  let total = 0
  for (let rank = 1; rank <= count; rank++) {
    total += rank ** -exponent
    cumulative.push(total)
  }
  return () => {
    const drawn = random.next() * total
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((cumulative[middle] ?? total) > drawn) high = middle
      else low = middle + 1
    }
    return low
  }
}
