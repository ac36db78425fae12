/**
 * Takes docs/dashboard.png: the dashboard of the living demo, once memory has been short for a while. Debian's Chromium, on loopback.
 *
 * npm run docs:picture
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import type { Answer } from '../src/live/schemas.ts'
import { openBrowser } from '../test/dashboard/browser.ts'

const target = fileURLToPath(new URL('../docs/dashboard.png', import.meta.url))
/** ms: enough of the timeline to see it rise and fall, and at most as long as two tides. */
const patience = { least: 30_000, most: 120_000 }
/** Bytes. */
const largest = 300_000

await using browser = await openBrowser()
await using data = await mkdtempDisposable(join(tmpdir(), 'spillway-picture-'))
const demo = spawn(
  process.execPath,
  ['src/demo/main.ts', '--serve', '--port', '0', '--speed', '3', '--candles', '200000', '--data', data.path],
  { cwd: fileURLToPath(new URL('../', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
)
try {
  const url = await dashboardOf(demo.stdout)
  const page = await browser.newPage()
  await page.setViewportSize({ width: 1_600, height: 1_000 })
  // Without the token: the page as anybody sees it, and no secret in a picture.
  await page.goto(url)
  const began = performance.now()
  while (!(await isWorthSeeing(url)) || performance.now() - began < patience.least) {
    if (performance.now() - began > patience.most) throw new Error('There was nothing to see')
    await sleep(250)
  }
  // A page of few colours needs no more of them.
  const { size } = await sharp(await page.screenshot({ fullPage: true }))
    .png({ palette: true, effort: 10 })
    .toFile(target)
  if (size > largest) throw new Error(`${target} has ${size} bytes; ${largest} at most`)
  console.log(`${target}: ${Math.round(size / 1_000)} KB`)
} finally {
  const ended = once(demo, 'exit')
  demo.kill('SIGTERM')
  await ended
}

async function dashboardOf(output: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: output })
  for await (const line of lines) {
    const url = /^Dashboard: +(http:\S+?)\/#/.exec(line)?.[1]
    if (url !== undefined) {
      output.resume()
      return url
    }
  }
  throw new Error('The demo has said nothing of a dashboard')
}

/** Under pressure, some loaded, some not, some unloaded before, and all figures in time. */
async function isWorthSeeing(url: string): Promise<boolean> {
  const { components } = await json<Answer<'/api/components'>>(`${url}/api/components`)
  const { pressureLevel } = await json<Answer<'/api/memory'>>(`${url}/api/memory`)
  const loaded = components.filter(({ state }) => state === 'ready').length
  const unloads = components.reduce((sum, each) => sum + each.unloads, 0)
  // On a busy machine figures may be late: that is not what it usually looks like.
  if (components.some(({ memory }) => memory?.stale)) return false
  return pressureLevel === 'high' && loaded >= 5 && loaded <= components.length - 3 && unloads >= 6
}

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T
}
