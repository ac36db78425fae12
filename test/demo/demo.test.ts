import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DemoFacts } from '../../src/demo/demo-facts.ts'

const program = fileURLToPath(new URL('../../src/demo/main.ts', import.meta.url))
const candles = 250_000

let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'spillway-demo-'))
})
afterAll(async () => {
  await rm(data, { recursive: true, force: true })
})

async function demo(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [program, '--data', data, '--candles', String(candles), ...args])
}

describe('the demo', { timeout: 120_000 }, () => {
  it('imports on its first run, shows one life of a service as JSON alone, and ends by itself', async () => {
    const { stdout, stderr } = await demo('--json')
    const { database, datasets, tour } = JSON.parse(stdout) as DemoFacts

    expect(database).toBe(join(data, 'market.db'))
    expect(datasets).toMatchObject([
      { symbol: 'SP500', interval: '1d', synthetic: false, candles: 5105, imported: 5105 },
      { symbol: 'SYNTHETIC', interval: '1m', synthetic: true, candles, imported: candles },
    ])
    expect(stderr).toMatch(/synthetic.*100%/)

    expect(tour.notLoaded.state).toBe('unloaded')
    expect(tour.firstCall.answer).toMatchObject({ time: Date.UTC(2020, 3, 17), close: 2874.560059 })
    expect(tour.firstCall.loadTime).toBeGreaterThan(0)
    expect(tour.firstCall.duration).toBeGreaterThanOrEqual(tour.firstCall.loadTime ?? Infinity)
    expect(tour.calls).toMatchObject({ count: 3, bars: candles })
    expect(tour.loaded.state).toBe('ready')
    // The cache of the service: six columns of doubles.
    expect(tour.loaded.memory?.external).toBeGreaterThan(candles * 6 * 8)
    expect(tour.unload).toMatchObject({ generation: 2, reason: 'requested', zombie: false })
    expect(tour.unloaded.state).toBe('unloaded')
    expect(tour.unloaded.rss).toBeLessThan(tour.loaded.rss)
    expect(tour.nextCall).toMatchObject({ generation: 3, answer: tour.firstCall.answer })
  })

  it('finds its data on the next run, shows the facts as lines, then itself at work, and ends by itself', async () => {
    const { stdout, stderr } = await demo('--port', '0', '--for', '8')

    // Nobody watches: what `npm start` is on a terminal would never end.
    expect(stderr).toContain('Standard output is no terminal: this ends by itself.')
    expect(stdout).toMatch(/^SP500 +5,105 real candles of 1d$/m)
    expect(stdout).toMatch(/^SYNTHETIC +250,000 made-up candles of 1m$/m)
    expect(stdout).toMatch(/^not loaded +state unloaded, resident set \d+ MB$/m)
    expect(stdout).toMatch(/^next call .* generation 3$/m)
    expect(stdout).toMatch(/^Dashboard: +http:/m)
    expect(stdout).toMatch(/^crashes +0$/m)
  })

  it.each([
    [['--candles', '0'], /--candles.*from 1000 to 20000000/],
    [['--candles', 'many'], /--candles/],
    [['--unknown'], /Unknown option '--unknown'/],
  ])('refuses %j', async (args, message) => {
    await expect(demo(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) as string })
  })
})
