import { describe, expect, test } from 'vitest'
import { footprintOf } from '../../../bench/policy/trace.ts'
import { generateWorkload, workloadNames } from '../../../bench/policy/workloads.ts'

const options = { components: 50, duration: 3_600_000 }

describe.each(workloadNames)('%s', (name) => {
  const trace = generateWorkload(name, options)

  test('is the same for the same seed, and another for another', () => {
    expect(generateWorkload(name, options)).toEqual(trace)
    expect(generateWorkload(name, { ...options, seed: 2 }).calls).not.toEqual(trace.calls)
  })

  test('has its calls in order, all of its components, within its time', () => {
    const times = trace.calls.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBeLessThan(options.duration + 2_000)
    expect(trace.components).toHaveLength(50)
    expect(new Set(trace.calls.map(({ component }) => component)).size).toBeGreaterThan(40)
    expect(footprintOf(trace)).toBeGreaterThan(50 * 20 * 1024 ** 2)
  })
})

describe('the shape of the arrivals', () => {
  const countsOf = (name: (typeof workloadNames)[number]): number[] => {
    const { calls } = generateWorkload(name, { ...options, duration: 4 * options.duration })
    return Array.from({ length: 50 }, (_, i) => calls.filter(({ component }) => component === i).length)
  }

  test('zipf: the component of rank k is called 1/k as often', () => {
    const counts = countsOf('zipf')
    expect((counts[0] ?? 0) / (counts[9] ?? 0)).toBeGreaterThan(8)
    expect((counts[0] ?? 0) / (counts[9] ?? 0)).toBeLessThan(12.5)
  })

  test('cyclic: everybody as often', () => {
    const counts = countsOf('cyclic')
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })

  test('shift: those called most in the first half hour are not those of the last', () => {
    const { calls } = generateWorkload('shift', { ...options, duration: 4 * options.duration })
    const most = (from: number, to: number): number[] => {
      const counts = Array<number>(50).fill(0)
      for (const { time, component } of calls) {
        if (time >= from && time < to) counts[component] = (counts[component] ?? 0) + 1
      }
      return [...counts.keys()].toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0)).slice(0, 5)
    }
    const half = 1_800_000
    const [first, last] = [most(0, half), most(7 * half, 8 * half)]
    expect(first.filter((component) => last.includes(component)).length).toBeLessThan(3)
  })
})
