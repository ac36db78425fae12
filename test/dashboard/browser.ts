import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { debianTool } from '../support/debian-tool.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-component-extensions-with-background-pages',
  // One process that draws, in the browser's own: it is software that draws.
  '--in-process-gpu',
  '--num-raster-threads=1',
]

/** Where screenshots are kept after the tests, with SPILLWAY_SCREENSHOTS=1. */
const screenshots = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url))

/** px of the view, where nothing else is said. */
export const wide = { width: 1440, height: 1000 }

/** Debian's Chromium, with a profile of its own that goes when it is closed. */
export async function openBrowser(): Promise<BrowserContext & AsyncDisposable> {
  const executablePath = await debianTool('chromium', 'chromium')
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: flags,
    viewport: wide,
  })
  return Object.assign(context, {
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  })
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['SPILLWAY_SCREENSHOTS'] !== '1') return
  await mkdir(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

/** What axe finds: its rule and the elements. */
export async function findings(page: Page): Promise<string[]> {
  // Evaluated from outside, where the page's content security policy does not reach.
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(await readFile(axe, 'utf8'))
  const violations = await page.evaluate<Violation[]>(
    'axe.run(document, { resultTypes: ["violations"], preload: false, iframes: false }).then(({ violations }) => violations)',
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
