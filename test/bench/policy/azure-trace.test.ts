import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAzureTrace } from '../../../bench/policy/azure-trace.ts'

const MIB = 1024 ** 2
const minutes = Array.from({ length: 1_440 }, (_, i) => i + 1)
const invocations = (rows: readonly (readonly [ids: string, counts: Readonly<Record<number, number>>])[]): string =>
  [
    `HashOwner,HashApp,HashFunction,Trigger,${minutes.join(',')}`,
    ...rows.map(([ids, counts]) => `${ids},${minutes.map((minute) => counts[minute] ?? 0).join(',')}`),
  ].join('\n')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-trace-'))
  const files: Record<string, string> = {
    'invocations_per_function_md.anon.d01.csv': invocations([
      ['o1,web,f1,http', { 1: 2, 3: 1 }],
      ['o1,web,f2,timer', { 3: 1 }],
      ['o2,web,f3,queue', { 1_440: 500 }],
      ['o2,silent,f4,queue', {}],
    ]),
    'invocations_per_function_md.anon.d02.csv': invocations([['o1,web,f1,http', { 1: 1 }]]),
    'app_memory_percentiles.anon.d01.csv':
      'HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1\no1,web,10,120.5,100\n',
    'app_memory_percentiles.anon.d02.csv':
      'HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1\r\no1,web,10,200,100\r\nx,y,1,5,5\r\n',
    'function_durations_percentiles.anon.d01.csv':
      'HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0\n' +
      'o1,web,f1,100,3,1,1000,3\no1,web,f2,500,1,1,2,3\n',
    'README.md': 'not a part of it',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

const options = { seed: 1, applications: 100, cost: 'size' } as const

describe('a trace in the Azure Functions layout', () => {
  test('has one component for each application that is called, with its memory and its call time', async () => {
    const { components } = await readAzureTrace(folder, options)
    expect(components).toEqual([
      { name: 'o1/web', bytes: 200 * MIB, initCost: 1_200, callTime: 200 },
      { name: 'o2/web', bytes: 150 * MIB, initCost: 950, callTime: 100 },
    ])
  })

  test('may take its longest calls for loads, as FaasCache does', async () => {
    const { components } = await readAzureTrace(folder, { ...options, cost: 'faascache' })
    // The longest call of f1 took 900 ms more than its average one; of the other nothing is known.
    expect(components.map(({ initCost }) => initCost)).toEqual([900, 100])
  })

  test('has its calls within their minutes, the days one after the other', async () => {
    const { calls } = await readAzureTrace(folder, options)
    const minutesOf = (component: number): number[] =>
      calls.filter((call) => call.component === component).map(({ time }) => Math.floor(time / 60_000))
    expect(minutesOf(0)).toEqual([0, 0, 2, 2, 1_440])
    // More than 12 a minute make no difference.
    expect(minutesOf(1)).toEqual(Array(12).fill(1_439))
    const times = calls.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(await readAzureTrace(folder, options)).toMatchObject({ calls })
  })

  test('can be cut down to some applications, the same for the same seed', async () => {
    const names = async (seed: number) =>
      (await readAzureTrace(folder, { ...options, seed, applications: 1 })).components.map(({ name }) => name)
    expect(await names(1)).toEqual(await names(1))
    const drawn = await Promise.all(Array.from({ length: 20 }, async (_, seed) => names(seed)))
    expect(new Set(drawn.flat())).toEqual(new Set(['o1/web', 'o2/web']))
  })

  test('is refused when it is none', async () => {
    await expect(readAzureTrace(tmpdir(), options)).rejects.toThrow(/has no file invocations_per_function_md/)
    await expect(readAzureTrace(join(folder, 'nowhere'), options)).rejects.toThrow(/ENOENT/)
    const bad = await mkdtemp(join(tmpdir(), 'spillway-trace-'))
    try {
      await writeFile(join(bad, 'invocations_per_function_md.anon.d01.csv'), 'HashOwner,App\na,b\n')
      await expect(readAzureTrace(bad, options)).rejects.toThrow(/has no column "HashApp"/)
    } finally {
      await rm(bad, { recursive: true, force: true })
    }
  })
})
