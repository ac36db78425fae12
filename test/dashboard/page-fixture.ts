import type { BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { Dashboard, DashboardAddress } from '../../src/dashboard/index.ts'
import type { ComponentCoordinator } from '../../src/index.ts'
import { installDeadline } from '../support/debian-tool.ts'
import { openBrowser } from './browser.ts'

/** ms for what the page shows by itself. */
export const patience = 10_000

/**
 * One browser, one dashboard and one page for a file: to start either, or to load the page, costs most. What a test has changed it puts back; after
 * one that failed there is a new page. A test fails of whatever a page must not do.
 */
export class PageFixture {
  readonly #coordinator: ComponentCoordinator
  #browser: (BrowserContext & AsyncDisposable) | undefined
  #dashboard: Dashboard | undefined
  #address: DashboardAddress | undefined
  #page: Page | undefined

  constructor(coordinator: ComponentCoordinator) {
    this.#coordinator = coordinator
    let faults: string[] = []
    beforeAll(async () => {
      this.#browser = await openBrowser()
      await this.startDashboard(0)
    }, installDeadline)
    afterAll(async () => this.#browser?.[Symbol.asyncDispose](), 30_000)
    afterAll(async () => this.stopDashboard(), 30_000)
    const openPage = async (): Promise<void> => {
      const page = await this.browser.newPage()
      this.#page = page
      page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
      page.on('dialog', (dialog) => faults.push(`dialog: ${dialog.message()}`))
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) faults.push(message.text())
      })
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url())
        if (origin !== this.address.url && protocol !== 'blob:' && protocol !== 'data:') {
          faults.push(`request: ${request.url()}`)
        }
      })
    }
    beforeEach(async () => {
      faults = []
      if (!this.#page) await openPage()
    })
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail' || faults.length > 0) await this.#closePage()
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
  }

  get browser(): BrowserContext {
    return there(this.#browser)
  }

  get page(): Page {
    return there(this.#page)
  }

  get address(): DashboardAddress {
    return there(this.#address)
  }

  async startDashboard(port: number): Promise<void> {
    this.#dashboard = createDashboard(this.#coordinator, { port, token: 'secret', actions: true })
    this.#address = await this.#dashboard.start()
  }

  async stopDashboard(): Promise<void> {
    await this.#dashboard?.stop()
  }

  /** Goes there, by the page's own links where it is open already. */
  async open(hash = '#/'): Promise<void> {
    if (this.page.url().startsWith(this.address.url)) {
      // Over once the page has drawn what is there.
      await this.page.evaluate(`new Promise((resolve) => {
        if (location.hash === ${JSON.stringify(hash)}) return resolve()
        addEventListener('hashchange', () => setTimeout(resolve), { once: true })
        location.hash = ${JSON.stringify(hash)}
      })`)
    } else await this.page.goto(`${this.address.url}/${hash}`, { waitUntil: 'domcontentloaded' })
    await this.#live()
  }

  /** As one comes back to it: with what it remembers, and nothing else. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: 'domcontentloaded' })
    await this.#live()
  }

  async #live(): Promise<void> {
    await this.page.getByText('live', { exact: true }).waitFor({ timeout: patience })
  }

  async #closePage(): Promise<void> {
    if (this.page.url().startsWith(this.address.url)) await this.page.evaluate('localStorage.clear()')
    await this.page.close()
    this.#page = undefined
  }

  async lock(): Promise<void> {
    await this.open()
    const forget = this.page.getByRole('button', { name: 'Forget token' })
    const unlock = this.page.getByRole('button', { name: 'Unlock actions…' }).first()
    await forget.or(unlock).first().waitFor()
    if ((await forget.count()) > 0) await forget.click()
    await unlock.waitFor()
  }

  /** As a link that brings the token. */
  async unlock(): Promise<void> {
    await this.open('#token=secret')
    await this.page.getByRole('button', { name: 'Free memory…' }).waitFor()
  }

  rows(): Locator {
    return this.page.locator('tbody tr')
  }

  rowOf(name: string): Locator {
    return this.rows().filter({ has: this.page.getByRole('link', { name, exact: true }) })
  }

  /** Of the components whose rows are there, from the top. */
  async names(): Promise<string[]> {
    return this.page.locator('tbody th a').allTextContents()
  }

  /** The text of what has the focus. */
  async focused(): Promise<string> {
    return this.page.evaluate(
      '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()',
    )
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('It is there only while tests run')
  return value
}
