/**
 * What the dashboard's page costs with 1,000 components, in Debian's Chromium on loopback: its weight, how soon it paints, what each tick takes when one
 * component and when all of them changed, and how long keys take. Each load begins with an empty cache: nothing of the page is kept anyway.
 *
 * node bench/dashboard-page.ts [components] [loads]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { pino } from 'pino'
import { createDashboard } from '../src/dashboard/index.ts'
import { ComponentCoordinator } from '../src/index.ts'
import { openBrowser } from '../test/dashboard/browser.ts'

const [components = 1_000, loads = 7] = process.argv.slice(2).map(Number)
/** Seconds, one tick each. */
const ticks = 10
/** Keys of each kind. */
const keys = 30

await using coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }) })
const module = new URL('./call/echo-component.ts', import.meta.url)
for (let i = 0; i < components / 2; i++) coordinator.registerComponent({ name: `component-${i}`, module })
const family = coordinator.registerFamily({ name: 'member', module })
for (let i = 0; i < components / 2; i++) family.get(String(i))
await using dashboard = createDashboard(coordinator, { port: 0 })
const { url } = await dashboard.start()
await using browser = await openBrowser()

console.log(`${components} components, half of them of one family, which is open; ${loads} loads, medians:`)
const painted: number[] = []
const filled: number[] = []
let weight = 0
let page = await browser.newPage()
for (let load = 0; load < loads; load++) {
  await page.close()
  page = await browser.newPage()
  await page.addInitScript("localStorage.setItem('spillway-open', 'family member')")
  const bodies: Promise<number>[] = []
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) bodies.push(response.body().then(({ length }) => length))
  })
  await page.goto(url)
  await page
    .locator(`[aria-rowcount="${components + 2}"] tbody tr`)
    .nth(10)
    .waitFor()
  filled.push(await page.evaluate<number>('performance.now()'))
  painted.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
  weight = (await Promise.all(bodies)).reduce((sum, length) => sum + length, 0)
}
console.log(`the page weighs ${(weight / 1_000).toFixed(0)} KB`)
console.log(`first paint after ${median(painted)} ms, every component shown after ${median(filled)} ms`)
console.log(`rows in the document: ${await page.locator('tbody tr').count()}`)

console.log(`each tick, nothing changed: ${await costOf(page)}`)
const list = coordinator.list.bind(coordinator)
let calls = 0
coordinator.list = () => {
  calls++
  return list().map((info) => ({ ...info, calls, inUse: calls % 2 }))
}
console.log(`each tick, all changed: ${await costOf(page)}`)
await page.locator('tbody tr[tabindex="0"]').focus()
console.log(`an arrow key, to the next frame: ${await latencyOf(page, 'ArrowDown')} ms`)
console.log(`Page Down: ${await latencyOf(page, 'PageDown')} ms`)
await page.getByRole('searchbox').focus()
console.log(`a letter of a search: ${await latencyOf(page, 'e')} ms`)

/** Of the page's thread, by ticks. */
async function costOf(of: Page): Promise<string> {
  const session = await of.context().newCDPSession(of)
  await session.send('Performance.enable')
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return new Map(metrics.map(({ name, value }) => [name, value]))
  }
  await sleep(2_000)
  const before = await read()
  await sleep(ticks * 1_000)
  const after = await read()
  await session.detach()
  const each = (name: string): string =>
    ((((after.get(name) ?? 0) - (before.get(name) ?? 0)) / ticks) * 1_000).toFixed(1)
  return `${each('ScriptDuration')} ms of scripting, ${each('LayoutDuration')} ms of layout, ${each('TaskDuration')} ms in all`
}

/** ms from the event to the frame that shows what came of it. */
async function latencyOf(of: Page, key: string): Promise<number> {
  await of.evaluate(`
    globalThis.took = []
    globalThis.listener ??= addEventListener('keydown', ({ timeStamp }) => {
      requestAnimationFrame(() => setTimeout(() => globalThis.took.push(performance.now() - timeStamp)))
    }, { capture: true })`)
  for (let i = 0; i < keys; i++) {
    await of.keyboard.press(key)
    await sleep(50)
  }
  return median(await of.evaluate<number[]>('globalThis.took'))
}

function median(times: number[]): number {
  return Math.round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0)
}
