import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../../src/demo/main.ts', import.meta.url))

let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'spillway-test-'))
})
afterAll(async () => {
  await rm(data, { recursive: true, force: true })
})

interface Live {
  readonly child: ChildProcess
  readonly output: () => string
  /** The first match in what it has printed so far, and is still to print. */
  readonly printed: (what: RegExp) => Promise<RegExpExecArray>
}

function live(...args: string[]): Live {
  const child = spawn(process.execPath, [program, '--serve', '--data', data, '--candles', '20000', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: data },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.resume()
  const printed = async (what: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = what.exec(output)
      if (match) return match
      if (child.exitCode !== null) throw new Error(`It ended without printing ${what}:\n${output}`)
      await once(child.stdout, 'data')
    }
  }
  return { child, output: () => output, printed }
}

interface Told {
  readonly components: readonly {
    readonly name: string
    readonly loads: number
    readonly unloads: number
    readonly isolation: string
    readonly pid: number | null
  }[]
}

/** ms in which its memory fills up, and each of the things that wait for a time of day has come, on a machine that is busy with something else. */
const patience = 90_000

describe('the living demo', { timeout: 3 * patience }, () => {
  it('shows loads and unloads under load, obeys its token, and ends in order with a summary', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { child, output, printed } = live('--port', String(port), '--speed', '25', '--limit', '240')
    const [, url = '', token = ''] = await printed(/^Dashboard: +(http:\/\/127\.0\.0\.1:\d+)\/#token=(\w+)$/m)
    expect(output()).toMatch(new RegExp(`^Port ${port} is taken; the next free one is \\d+\\.$`, 'm'))
    taken.close()

    const components = async (): Promise<Told['components']> =>
      ((await (await fetch(`${url}/api/components`)).json()) as Told).components
    await expect
      .poll(async () => (await components()).reduce((sum, { unloads }) => sum + unloads, 0), {
        timeout: patience,
        interval: 200,
      })
      .toBeGreaterThan(0)
    expect((await components()).map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'historical-data',
        'order-service',
        'connection-pool',
        'risk-report',
        'chart-renderer',
        'exchange-connector:made-up-east',
        'exchange-connector:made-up-west',
        'strategy:scalper',
        'backtest:minutes',
      ]),
    )
    await expect
      .poll(async () => (await components()).find(({ name }) => name === 'chart-renderer'), { timeout: patience })
      .toMatchObject({ isolation: 'process', loads: expect.toSatisfy((loads: number) => loads > 0) as number })
    await printed(/Unloaded .*(pressure is |is to be loaded)/)

    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const check = async (given: object): Promise<number> =>
      (await fetch(`${url}/api/token`, { method: 'POST', headers: { ...headers, ...given }, body: '{}' })).status
    expect(await check({})).toBe(200)
    expect(await check({ authorization: 'Bearer wrong' })).toBe(401)

    child.kill('SIGINT')
    // As npm does with a Ctrl-C that the terminal has sent to both.
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number]
    expect(output()).toMatch(/^unloads +\d+ \(.*shutdown \d+.*\)$/m)
    expect(output()).toMatch(/^peak usage +[\d.]+ MiB, [\d.]+% of the limit of 240 MiB$/m)
    expect(output()).toMatch(/^calls +[\d,]+$/m)
    expect(output()).toMatch(/^crashes +0$/m)
    expect(code).toBe(0)
    expect((await readdir(data)).filter((name) => name.startsWith('spillway-'))).toEqual([])
  })
})
