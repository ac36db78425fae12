import { beforeAll, describe, expect, it } from 'vitest'
import { Dashboard } from '../../src/dashboard/dashboard.ts'
import { rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { findings, screenshot, wide } from './browser.ts'
import { PageFixture, patience } from './page-fixture.ts'

const hostile = '<img src=x onerror=alert(1)>'

const coordinator = sharedCoordinator()
const orders = coordinator.registerComponent<KitchenSink>(sink('orders', { type: 'service', priority: 5 }))
coordinator.registerComponent<KitchenSink>(sink('candles', { type: 'service', pinned: true }))
coordinator.registerComponent<KitchenSink>(sink('reports', { type: 'service', dependencies: ['orders', 'candles'] }))
const odd = coordinator.registerComponent<KitchenSink>(sink(hostile, { memoryEstimate: 200 * 1024 ** 2 }))
const failing = coordinator.registerComponent<KitchenSink>({
  name: 'failing',
  module: new URL('file:///nowhere.ts'),
  restart: { intensity: 0, backoff: 60_000 },
})
const at = new PageFixture(coordinator)

beforeAll(async () => {
  await Promise.all([orders.echo(1), odd.echo(1), rejection(failing.echo(1))])
})

describe('actions', () => {
  it('are unlocked by a link that brings the token, which does not stay in the address', async () => {
    await at.open('#token=secret')
    await expect.poll(() => at.page.url()).toBe(`${at.address.url}/#/`)
    await at.page.getByRole('button', { name: 'Free memory…' }).waitFor()
    expect(await at.page.getByRole('button', { name: 'Unlock actions…' }).count()).toBe(0)
  })

  it('ask for the token, refuse a wrong one, and load and unload with the right one', async () => {
    await coordinator.unloadComponent('reports')
    await at.lock()
    await at.open('#/component/reports')
    expect(await at.page.getByRole('button', { name: 'Load', exact: true }).count()).toBe(0)
    await at.page.locator('main').getByRole('button', { name: 'Unlock actions…' }).click()
    await at.page.getByLabel('Token').waitFor()
    expect(await findings(at.page)).toEqual([])
    await at.page.getByLabel('Token').fill('wrong')
    await at.page.getByRole('button', { name: 'Unlock', exact: true }).click()
    expect(await at.page.getByRole('alert').textContent()).toContain('The token is wrong')
    expect(coordinator.info('reports').state).toBe('unloaded')

    await at.page.getByLabel('Token').fill('secret')
    await at.page.getByRole('button', { name: 'Unlock', exact: true }).click()
    await at.page.getByRole('button', { name: 'Load', exact: true }).click()
    await at.page.locator('#component-title .state-ready').waitFor({ timeout: patience })
    expect(coordinator.info('reports').state).toBe('ready')

    await at.page.getByRole('button', { name: 'Unload…' }).click()
    await screenshot(at.page, 'unload-dialog')
    await at.page.getByRole('dialog').getByRole('button', { name: 'Unload' }).click()
    await at.page.locator('#component-title .state-unloaded').waitFor({ timeout: patience })
    expect(coordinator.info('reports').state).toBe('unloaded')
  })

  it('show what would go before anything goes, and free memory', async () => {
    await at.unlock()
    await odd.echo(1)
    await at.page.getByRole('button', { name: 'Dry run…' }).click()
    await at.page.getByRole('dialog').getByRole('combobox').selectOption('critical')
    await at.page
      .getByRole('dialog')
      .getByText(/would stay/)
      .waitFor()
    await at.page.keyboard.press('Escape')
    expect(coordinator.info(hostile).state).toBe('ready')

    await at.page.getByRole('button', { name: 'Free memory…' }).click()
    await at.page.getByRole('dialog').getByText(hostile).waitFor()
    await at.page.getByLabel('MiB to free').fill('1')
    await at.page.getByRole('button', { name: 'Free', exact: true }).click()
    await at.rowOf(hostile).locator('.state-unloaded').waitFor({ timeout: patience })
  })

  it('change thresholds, and say what is wrong with them', async () => {
    await at.unlock()
    const before = coordinator.memory.options
    await at.page.getByRole('button', { name: 'Thresholds…' }).click()
    await at.page.getByLabel('high, %').fill('70')
    await at.page.getByRole('button', { name: 'Change', exact: true }).click()
    expect(await at.page.getByRole('alert').textContent()).toContain('memory.highThreshold')
    await at.page.getByLabel('high, %').fill('80')
    await at.page.getByRole('button', { name: 'Change', exact: true }).click()
    await at.page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(coordinator.memory.options.highThreshold).toBe(0.8)
    coordinator.memory.configure(before)
  })

  it('download a heap snapshot', async () => {
    await orders.echo(1)
    await at.unlock()
    await at.open('#/component/orders')
    await at.page.getByRole('button', { name: 'Heap snapshot…' }).click()
    const downloading = at.page.waitForEvent('download')
    await at.page.getByRole('button', { name: 'Take snapshot' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/^orders-g\d+-\d{8}T\d{6}Z\.heapsnapshot$/)
    await download.delete()
  })
})

describe('a lost connection', () => {
  it('is told, and found again by itself', async () => {
    const { port } = at.address
    await at.open()
    await at.stopDashboard()
    await at.page.getByText('Disconnected').waitFor({ timeout: patience })
    await at.page.locator('.connection').getByText('not connected', { exact: true }).waitFor()
    expect(await at.rows().count()).toBe(5)
    await screenshot(at.page, 'disconnected')
    expect(await findings(at.page)).toEqual([])
    expect(await at.page.evaluate("getComputedStyle(document.querySelector('.card')).opacity")).toBe('1')
    coordinator.registerComponent(sink('newcomer'))
    await at.startDashboard(port)
    await at.page.getByText('live', { exact: true }).waitFor({ timeout: 15_000 })
    await at.page.getByText('Disconnected').waitFor({ state: 'detached' })
    await at.rowOf('newcomer').waitFor()
    await coordinator.unregisterComponent('newcomer')
    await at.rowOf('newcomer').waitFor({ state: 'detached', timeout: patience })
  })
})

it('keeps its place when it is asked for a sign of life', async () => {
  await using small = new Dashboard(
    coordinator,
    { port: 0, maxViewers: 1 },
    { places: { fresh: 0, answerWithin: patience } },
  )
  const full = await small.start()
  const other = await at.browser.newPage()
  await other.goto(full.url)
  await other.getByText('live', { exact: true }).waitFor({ timeout: patience })
  // Told before the time to answer is over: the page has answered.
  const answer = await fetch(`${full.url}/api/events`, { signal: AbortSignal.timeout(patience - 1_000) })
  expect(answer.status).toBe(503)
  await other.getByText('live', { exact: true }).waitFor()
  await other.close()
})

describe('accessibility', () => {
  it('of a component that failed, on a small screen in the dark: nothing to find, nothing cut off', async () => {
    await at.page.emulateMedia({ colorScheme: 'dark' })
    await at.page.setViewportSize({ width: 390, height: 900 })
    await at.open('#/component/failing')
    await at.page.locator('.plot canvas').first().waitFor()
    expect(await findings(at.page)).toEqual([])
    expect(await at.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await screenshot(at.page, 'component-dark-390')
    await at.page.emulateMedia({ colorScheme: 'light' })
    await at.page.setViewportSize(wide)
  })
})
