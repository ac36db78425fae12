import { writeFile } from 'node:fs/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { Dashboard, DashboardAddress } from '../../src/dashboard/index.ts'
import { rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { installDeadline } from '../support/debian-tool.ts'
import { findings, openBrowser, screenshot } from './browser.ts'

const patience = 10_000
const token = 'the-token-of-this-test'

const coordinator = sharedCoordinator()
const orders = coordinator.registerComponent<KitchenSink>(
  sink('orders', { type: 'service', priority: 5, memoryLimit: '300mb' }),
)
coordinator.registerComponent(sink('reports', { dependencies: ['orders'] }))
const broken = coordinator.registerComponent<KitchenSink>({
  name: 'broken',
  module: new URL('file:///nowhere.ts'),
  restart: { intensity: 100, backoff: 1 },
})
const family = coordinator.registerFamily<KitchenSink>({ ...sink('feed'), config: () => ({}) })

let browser: BrowserContext & AsyncDisposable
let dashboard: Dashboard
let address: DashboardAddress
let page: Page
const faults: string[] = []

beforeAll(async () => {
  browser = await openBrowser()
  dashboard = createDashboard(coordinator, { port: 0, token, actions: true })
  address = await dashboard.start()
  await orders.echo(1)
  await coordinator.unloadComponent('orders')
  await rejection(orders.exit(3))
  await coordinator.getComponent('reports')
  await rejection(orders.throwError())
  await rejection(orders.throwError())
  await Promise.all([family.get('a').echo(1), family.get('b').echo(1)])
  page = await browser.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(`${address.url}/#/component/orders?token=${token}`, { waitUntil: 'domcontentloaded' })
  await page.getByText('live', { exact: true }).waitFor({ timeout: patience })
}, installDeadline)
afterAll(async () => browser?.[Symbol.asyncDispose](), 30_000)
afterAll(async () => dashboard?.stop(), 30_000)

const card = (title: string) => page.getByRole('region', { name: title, exact: true })
const text = async (title: string): Promise<string> => (await card(title).textContent()) ?? ''

it('says why the component is in its state, who calls it, and what its calls failed with', async () => {
  await expect.poll(async () => page.locator('.summary').textContent()).toMatch(/Loaded \d+ s ago .*: generation 3\./)
  await expect.poll(async () => text('Who calls it'), { timeout: patience }).toMatch(/the main thread/)
  await expect
    .poll(async () => text('Its last errors'))
    .toMatch(/E_ORDER in throwError, called by the main thread, 2 times/)
  expect(await text('Its last errors')).toContain('no such order')
  expect(await text('Around it')).toMatch(/Needed by.*reports/)
})

it('shows what happens while it is open', async () => {
  await rejection(orders.throwThis('error'))
  await expect.poll(async () => card('Its last errors').getByRole('listitem').count(), { timeout: patience }).toBe(2)
})

it('shows generations, and what began and ended them, to the keyboard and without colours', async () => {
  const marks = page.locator('.lane button')
  await expect.poll(async () => marks.count(), { timeout: patience }).toBe(5)
  const labels = await page.evaluate<string[]>(
    "[...document.querySelectorAll('.lane button')].map((each) => each.ariaLabel)",
  )
  expect(labels.map((label) => label.replace(/^\S+ /, ''))).toEqual([
    'Loaded generation 1 for a call of the main thread',
    'Unloaded generation 1: it was asked for',
    'Loaded generation 2 for a call of the main thread',
    'Crashed generation 2: its worker exited',
    expect.stringMatching(/^Loaded generation 3 /),
  ])
  expect(await page.locator('.lane .generation').allTextContents()).toEqual(['gen 1', 'gen 2', 'gen 3'])
  const shapes = await page.evaluate<string[]>(
    "[...document.querySelectorAll('.lane-key i')].map((each) => getComputedStyle(each).clipPath)",
  )
  expect(new Set(shapes).size).toBe(4)
  // One of them is in the order of the Tab key, the last; the arrows lead to the others.
  expect(await page.locator('.lane button[tabindex="0"]').count()).toBe(1)
  await page.locator('.lane button[tabindex="0"]').focus()
  await page.keyboard.press('ArrowLeft')
  await page.locator('.lane .tip').getByText('Crashed generation 2: its worker exited').waitFor()
  await page.keyboard.press('Home')
  await page.locator('.lane .tip').getByText('Loaded generation 1').waitFor()
})

it('reaches back a day, and the address has how far', async () => {
  const asked = page.waitForRequest((request) =>
    request.url().includes('/api/components/orders?points=400&span=86400000'),
  )
  await page.getByRole('button', { name: '24 h', exact: true }).click()
  await asked
  await expect.poll(() => page.url()).toMatch(/#\/component\/orders\?range=24h$/)
  await page.goBack()
  await expect
    .poll(async () => page.getByRole('button', { name: '15 min', exact: true }).getAttribute('aria-pressed'))
    .toBe('true')
})

it('compares two heap snapshots, one of them from a file, in a worker', async () => {
  const take = async (download: boolean): Promise<void> => {
    await page.getByRole('button', { name: 'Heap snapshot…' }).click()
    await page.getByRole('dialog').getByRole('checkbox').setChecked(download)
    await page.getByRole('dialog').getByRole('button', { name: 'Take snapshot' }).click()
  }
  const rows = card('Heap snapshots').locator('tbody tr')
  const downloading = page.waitForEvent('download')
  await take(true)
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^orders-g3-\d{8}T\d{6}Z\.heapsnapshot$/)
  await expect.poll(async () => rows.count()).toBe(1)
  expect(await page.getByRole('button', { name: 'Compare' }).isDisabled()).toBe(true)

  // The same, as a file of before.
  await rows.getByRole('button', { name: /^Remove/ }).click()
  await page.locator('input[type="file"]').setInputFiles(await download.path())
  await expect.poll(async () => rows.count()).toBe(1)
  await orders.hold(3)
  await take(false)
  await expect.poll(async () => rows.count(), { timeout: patience }).toBe(2)
  await page.getByRole('button', { name: 'Compare' }).click()
  const grown = page.getByRole('region', { name: 'Table of what grew' })
  await grown.waitFor({ timeout: 30_000 })
  expect(await grown.locator('tbody tr').count()).toBeGreaterThan(0)
  expect(await grown.locator('tbody td.strong').first().textContent()).toMatch(/^\+\d/)
  await expect.poll(() => page.workers().length).toBe(0)
  await download.delete()
})

it('has no finding of axe in light or dark, wide or narrow, with everything on it', async () => {
  // Colours are the mode's, places and sizes the width's: each of both once.
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['light', 1024],
    ['dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    expect([colorScheme, width, await findings(page)]).toEqual([colorScheme, width, []])
    await screenshot(page, `component-page-${colorScheme}-${width}`)
    const cutOff =
      "[...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest('.scroll, .plot')).map((each) => each.outerHTML)"
    expect(await page.evaluate(cutOff)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
})

it('says what is wrong with a file that is no heap snapshot', async ({ task }) => {
  const path = `/tmp/${task.id}.heapsnapshot`
  await writeFile(path, '{"nonsense": 1}')
  await page.locator('input[type="file"]').setInputFiles(path)
  await expect.poll(async () => card('Heap snapshots').locator('tbody').first().locator('tr').count()).toBe(3)
  await page.getByRole('button', { name: 'Compare' }).click()
  await card('Heap snapshots').getByText('it is no heap snapshot').waitFor({ timeout: patience })
})

it('gives up what was taken with the token, and keeps the files', async () => {
  await page.getByRole('button', { name: 'Forget token' }).click()
  await card('Heap snapshots').waitFor({ timeout: patience })
  await expect.poll(async () => card('Heap snapshots').locator('tbody').first().locator('tr').count()).toBe(2)
  await expect.poll(async () => text('Heap snapshots')).not.toMatch(/orders-g3/)
})

it('of a component that cannot load, says that its calls fail, and why', async () => {
  for (let i = 0; i < 5; i++) await rejection(broken.echo(1))
  await page.goto(`${address.url}/#/component/broken`)
  await expect.poll(async () => text('Its last errors'), { timeout: patience }).toMatch(/Load failed.*nowhere\.ts/s)
  await expect.poll(async () => text('Who calls it')).toContain('No call has reached it.')
  await expect.poll(async () => text('Work'), { timeout: patience }).toContain('Failed, last minute100%')
  expect(await page.locator('.lane button').first().getAttribute('aria-label')).toMatch(/Load failed generation \d: /)
  expect(await page.locator('.lane-key').textContent()).not.toContain('Nothing of the kind')
  await expect.poll(async () => page.locator('#component-title .badge').textContent()).toBe('failing')
})

it('leads to the others of a family', async () => {
  await page.goto(`${address.url}/#/component/feed:a`)
  await card('Around it').getByRole('link', { name: 'feed:b' }).click()
  await page.locator('#component-title').filter({ hasText: 'feed:b' }).waitFor()
  expect(faults).toEqual([])
})
