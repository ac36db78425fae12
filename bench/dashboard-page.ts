/**
 * What the dashboard's page weighs, and how soon it paints, with 200 components, in Debian's Chromium on loopback. Each load begins with an empty cache:
 * nothing of the page is kept anyway.
 *
 * node bench/dashboard-page.ts [components] [loads]
 */
import { pino } from 'pino'
import { createDashboard } from '../src/dashboard/index.ts'
import { ComponentCoordinator } from '../src/index.ts'
import { openBrowser } from '../test/dashboard/browser.ts'

const [components = 200, loads = 7] = process.argv.slice(2).map(Number)
await using coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }) })
const module = new URL('./call/echo-component.ts', import.meta.url)
for (let i = 0; i < components; i++) coordinator.registerComponent({ name: `component-${i}`, module })
await using dashboard = createDashboard(coordinator, { port: 0 })
const { url } = await dashboard.start()
await using browser = await openBrowser()

const painted: number[] = []
const filled: number[] = []
let weight = 0
for (let load = 0; load < loads; load++) {
  const page = await browser.newPage()
  const bodies: Promise<number>[] = []
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) bodies.push(response.body().then(({ length }) => length))
  })
  await page.goto(url)
  await page
    .locator('tbody tr')
    .nth(components - 1)
    .waitFor()
  filled.push(await page.evaluate<number>('performance.now()'))
  painted.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
  weight = (await Promise.all(bodies)).reduce((sum, length) => sum + length, 0)
  await page.close()
}
const median = (times: number[]): number => Math.round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0)
console.log(`${components} components, ${loads} loads, medians:`)
console.log(`the page weighs ${(weight / 1024).toFixed(0)} KiB`)
console.log(`first paint after ${median(painted)} ms`)
console.log(`every component shown after ${median(filled)} ms`)
