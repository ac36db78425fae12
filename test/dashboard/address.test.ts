import { createServer, request } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { Dashboard, DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { installDeadline } from '../support/debian-tool.ts'
import { openBrowser } from './browser.ts'
import { open } from './dashboard-client.ts'

const patience = 10_000
const token = 'a+token/of=20%characters'

const coordinator = sharedCoordinator()
const orders = coordinator.registerComponent<KitchenSink>(sink('orders', { pinned: true }))
coordinator.registerComponent<KitchenSink>(sink('a/b c?&100%'))

let browser: BrowserContext & AsyncDisposable
let dashboard: Dashboard
let address: DashboardAddress
let page: Page
let faults: string[]

const openDashboard = async (port = 0): Promise<void> => {
  dashboard = createDashboard(coordinator, { port, token, actions: true, maxViewers: 2 })
  address = await dashboard.start()
}

beforeAll(async () => {
  browser = await openBrowser()
  await openDashboard()
  await orders.echo(1)
}, installDeadline)
afterAll(async () => browser?.[Symbol.asyncDispose](), 30_000)
afterAll(async () => dashboard?.stop(), 30_000)

beforeEach(async () => {
  faults = []
  page = await newPage()
})
afterEach(async () => {
  for (const each of browser.pages()) await each.close()
  if (faults.length > 0) throw new Error(faults.join('\n'))
})

async function newPage(): Promise<Page> {
  const made = await browser.newPage()
  made.on('pageerror', (error) => faults.push(error.message))
  return made
}

const live = async (of = page): Promise<void> => of.getByText('live', { exact: true }).waitFor({ timeout: patience })
const hash = (): string => new URL(page.url()).hash
const kept = async (of = page): Promise<unknown> => of.evaluate("sessionStorage.getItem('spillway-token')")
const button = (name: string) => page.getByRole('button', { name, exact: true })

/** A proxy that serves the dashboard below a path, which it takes away, and nothing else. */
async function openProxy(prefix: string): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(prefix)) {
      faults.push(`beside the path: ${incoming.url}`)
      outgoing.writeHead(404).end()
      return
    }
    const { host, port } = address
    const { method, headers } = incoming
    const passed = request({ host, port, path: incoming.url.slice(prefix.length - 1), method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

describe('below a path of a proxy', () => {
  it('everything works: the page, its events, actions and downloads', async () => {
    const prefix = '/some/prefix/'
    const proxy = await openProxy(prefix)
    try {
      const { port } = proxy.address() as AddressInfo
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text())
      })
      await page.goto(`http://127.0.0.1:${port}${prefix}#token=${encodeURIComponent(token)}&to=/component/orders`)
      await live()
      await page.locator('.plot canvas').first().waitFor()
      await button('Unload…').click()
      await page.getByRole('dialog').getByRole('button', { name: 'Unload' }).click()
      await page.locator('#component-title .state-unloaded').waitFor({ timeout: patience })
      await button('Load').click()
      await page.locator('#component-title .state-ready').waitFor({ timeout: patience })
      await button('Heap snapshot…').click()
      const downloading = page.waitForEvent('download')
      await page.getByRole('dialog').getByRole('button', { name: 'Take snapshot' }).click()
      const download = await downloading
      expect(download.suggestedFilename()).toMatch(/^orders.*\.heapsnapshot$/)
      await download.delete()
    } finally {
      await page.close()
      proxy.closeAllConnections()
      proxy.close()
    }
  })
})

describe('a link with the token', () => {
  it('is taken in an open tab as well, and does not stay in the address or the history', async () => {
    await page.goto(`${address.url}/#/component/orders`)
    await live()
    expect(await button('Forget token').count()).toBe(0)
    await page.evaluate(
      `location.hash = '#token=${encodeURIComponent(token)}&to=/component/a%2Fb%20c%3F%26100%25?range=1h'`,
    )
    await button('Forget token').waitFor()
    await expect.poll(hash).toBe('#/component/a%2Fb%20c%3F%26100%25?range=1h')
    await page.locator('#component-title').filter({ hasText: 'a/b c?&100%' }).waitFor()
    await expect.poll(async () => kept()).toBe(token)
    await page.goBack()
    await page.locator('#component-title').filter({ hasText: 'orders' }).waitFor()
    await page.goForward()
    await expect.poll(hash).toBe('#/component/a%2Fb%20c%3F%26100%25?range=1h')
  })

  it('may lead into the page as well; one that is wrong is told of, and not used', async () => {
    await page.goto(`${address.url}/#/component/orders?token=wrong`)
    await page.locator('#component-title').filter({ hasText: 'orders' }).waitFor()
    await expect.poll(hash).toBe('#/component/orders')
    await page.getByText('The token of that link is wrong').waitFor()
    expect(await kept()).toBeNull()
    await button('Unlock actions…').first().waitFor()
  })
})

describe('Forget token', () => {
  it('takes it, and what was shown by it, from this tab and no other', async () => {
    await using outside = createDashboard(coordinator, { host: '0.0.0.0', port: 0, token })
    const { port } = await outside.start()
    const other = await newPage()
    for (const each of [page, other]) {
      await each.goto(`http://127.0.0.1:${port}/#token=${encodeURIComponent(token)}&to=/component/orders`)
      await live(each)
    }
    await button('Forget token').click()
    await page.getByLabel('Token').waitFor()
    await expect.poll(async () => page.locator('body').textContent()).not.toContain('orders')
    await expect.poll(async () => page.title()).toBe('locked · Spillway')
    await expect.poll(async () => kept()).toBeNull()
    expect(await kept(other)).toBe(token)
    await live(other)
    // The deep link has survived: with the token, it goes on where it was.
    await page.getByLabel('Token').fill(token)
    await button('Show').click()
    await live()
    await page.locator('#component-title').filter({ hasText: 'orders' }).waitFor()
  })
})

describe('the address', () => {
  it('has what is searched for, chosen and sorted by, and Back undoes it', async () => {
    await page.goto(`${address.url}/#/?q=ord&sort=name&show=loaded`)
    await live()
    const search = page.getByRole('searchbox')
    const show = page.getByRole('combobox', { name: 'Show', exact: true })
    await page.locator('th.col-name[aria-sort="ascending"]').waitFor()
    expect(await search.inputValue()).toBe('ord')
    expect(await show.inputValue()).toBe('loaded')
    await show.selectOption('all')
    await expect.poll(hash).toBe('#/?q=ord&sort=name')
    await search.press('End')
    await search.pressSequentially('ers')
    await expect.poll(hash).toBe('#/?q=orders&sort=name')
    await page.locator('tbody').getByRole('link', { name: 'orders' }).click()
    await page.getByRole('link', { name: /All components/ }).click()
    await expect.poll(hash).toBe('#/?q=orders&sort=name')
    await page.goBack()
    await page.goBack()
    await page.goBack()
    await expect.poll(hash).toBe('#/?q=ord&sort=name&show=loaded')
    await expect.poll(async () => show.inputValue()).toBe('loaded')
  })
})

describe('without a connection', () => {
  it('the title says so first, time stands still, and what needs the server cannot be pressed', async () => {
    const { port } = address
    await page.goto(`${address.url}/#token=${encodeURIComponent(token)}&to=/component/orders`)
    await live()
    await expect.poll(async () => page.title()).toMatch(/^orders · \d+% low · Spillway$/)
    await button('Unload…').click()
    await dashboard.stop()
    await page.getByText('Disconnected').waitFor({ timeout: patience })
    await expect.poll(async () => page.title()).toBe('not connected · orders · Spillway')
    await expect
      .poll(async () => page.getByRole('dialog').getByRole('button', { name: 'Unload' }).isDisabled())
      .toBe(true)
    await page.keyboard.press('Escape')
    for (const name of ['Unload…', 'Heap snapshot…', 'CPU profile (5 s)', 'Dry run…', 'Free memory…', 'Thresholds…']) {
      expect([name, await button(name).isDisabled()]).toEqual([name, true])
      expect(await button(name).getAttribute('title')).toBe('Not connected to the server')
    }
    const uptime = page.locator('header.page p')
    const before = await uptime.textContent()
    // The banner counts on meanwhile.
    await page
      .locator('.banner')
      .getByText(/for [2-9] s/)
      .waitFor({ timeout: patience })
    expect(await uptime.textContent()).toBe(before)

    // Now it is there again, and serves others.
    await openDashboard(port)
    const others = await Promise.all([open(address, '/api/events'), open(address, '/api/events')])
    await page.getByText('the server is there, and refuses this page').waitFor({ timeout: 15_000 })
    expect(await page.locator('.banner').textContent()).toMatch(/viewers.*Next try in (10|[5-9]) s/)
    for (const response of others) response.destroy()
    await button('Try now').click()
    await live()
    await expect.poll(async () => button('Unload…').isDisabled()).toBe(false)
    await expect.poll(async () => page.title()).toMatch(/^orders · /)
  })
})
