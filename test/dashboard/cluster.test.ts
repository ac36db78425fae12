import { afterAll, describe, expect, it } from 'vitest'
import { fixture, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { FakeCluster, fakeHost, fakeInfo } from '../support/fake-cluster.ts'
import { showCluster } from '../../src/live/joined-cluster.ts'
import { findings, screenshot, wide } from './browser.ts'
import { PageFixture, patience } from './page-fixture.ts'

const hostile = '<img src=x onerror=alert(1)>'
const coordinator = sharedCoordinator()
coordinator.registerComponent<KitchenSink>(sink('prices'))
const books = coordinator.registerFamily<KitchenSink>({ name: 'books', module: fixture('kitchen-sink.ts') })
books.get('BTC')

const at = new PageFixture(coordinator)
const cluster = new FakeCluster('a', 'b', 'c')
let leave: () => void = () => {}
afterAll(() => leave())

const card = () => at.page.locator('.cluster')
const hosts = () => card().locator('tbody tr')
/** Of the table of components. */
const rows = () => at.page.getByRole('treegrid').locator('tbody tr')
const hostCells = async () => rows().locator('.col-host').allTextContents()
const theirs = async () => (await hostCells()).map((text) => text.trim().replaceAll(/\s+/g, ' '))

describe('a page of a program that joins a cluster', () => {
  it('has nothing of it before; then hosts, moves with why, and the components of all', async () => {
    await at.open()
    await at.rowOf('prices').waitFor()
    expect([await card().count(), await at.page.locator('.col-host, option:text("All hosts")').count()]).toEqual([0, 0])

    cluster.told[1] = fakeHost('b', {
      level: 'high',
      room: 0,
      loaded: ['prices', ...Array.from({ length: 30 }, (_, i) => `books:${i}`)],
    })
    cluster.answers.set('b', [fakeInfo('prices'), fakeInfo('books:ETH', { family: 'books' }), fakeInfo(hostile)])
    cluster.happened.push({
      kind: 'handed-over',
      time: Date.now(),
      family: 'books',
      key: 'ETH',
      from: 'a',
      to: 'b',
      why: `pressure at a is high ${hostile}`,
    })
    leave = showCluster(coordinator, cluster)
    await card().waitFor({ timeout: patience })
    await expect.poll(theirs, { timeout: patience }).toContain('2 hosts')
    expect(await hosts().locator('th').allInnerTexts()).toEqual([expect.stringMatching(/^a\s*this one$/), 'b', 'c'])
    expect(await hosts().nth(1).innerText()).toMatch(/high\s+0 B\s+prices, books:0.*, 26 more\s+now/s)
    expect(await hosts().nth(2).innerText()).toContain('does not answer')
    expect(await card().locator('.event .of').innerText()).toMatch(/^Handed over\s+books:ETH$/)
    expect(await card().locator('.event .words').innerText()).toBe(`a → b: pressure at a is high ${hostile}`)
    expect((await theirs()).sort()).toEqual(['2 hosts', 'a', 'b', 'b'])
    // What can be done is done at home.
    expect(await rows().filter({ hasText: hostile }).locator('a').count()).toBe(0)
    expect(await at.page.locator('img[src="x"]').count()).toBe(0)
  })

  it('has the components of one host, by a choice that stands in the address', async () => {
    await at.open()
    await card().getByRole('button', { name: 'b', exact: true }).click()
    await expect.poll(theirs).toEqual(['b', 'b', 'b'])
    expect(at.page.url()).toMatch(/#\/\?host=b$/)
    await at.page.getByLabel('Show the host').selectOption('a')
    await expect.poll(theirs).toEqual(['a', 'a'])
    await at.page.goBack()
    await expect.poll(theirs).toEqual(['b', 'b', 'b'])
    await at.page.getByRole('columnheader', { name: 'Component' }).getByRole('button').focus()
    await rows().first().focus()
    await at.page.keyboard.press('ArrowDown')
    await at.page.keyboard.press('Enter')
    expect(at.page.url()).toMatch(/#\/\?host=b$/)
    await at.page.getByLabel('Show the host').selectOption('')
    await expect.poll(async () => (await theirs()).length).toBe(4)
  })

  it('has nothing to find for axe, light and dark, wide and narrow, and nothing is cut off', async () => {
    await at.open()
    await rows().getByRole('button', { name: 'Members of books' }).click()
    await at.page.getByRole('button', { name: 'More columns' }).click()
    await expect.poll(async () => (await theirs()).length).toBe(6)
    for (const [colorScheme, width] of [
      ['light', 1024],
      ['dark', 390],
    ] as const) {
      await at.page.emulateMedia({ colorScheme })
      await at.page.setViewportSize({ width, height: 900 })
      expect([colorScheme, width, await findings(at.page)]).toEqual([colorScheme, width, []])
      expect(await at.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
      const cut = `[...document.querySelectorAll('[role=treegrid] :is(thead th, tbody td:not(.col-state))')]
        .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
        .map((cell) => cell.className + ' ' + cell.textContent)`
      expect(await at.page.evaluate(cut)).toEqual([])
      await screenshot(at.page, `cluster-${colorScheme}-${width}`)
    }
    await at.page.emulateMedia({ colorScheme: 'light' })
    await at.page.setViewportSize(wide)
    await at.page.getByRole('button', { name: 'More columns' }).click()
    await rows().getByRole('button', { name: 'Members of books' }).click()
  })

  it('shows a thousand hosts, and the rows near what is visible of two thousand components', async () => {
    await at.open()
    const names = Array.from({ length: 1_000 }, (_, i) => `host-${i}`)
    cluster.told.splice(1, 2, ...names.map((name) => fakeHost(name)))
    for (const name of names) cluster.answers.set(name, [fakeInfo('prices'), fakeInfo('quotes')])
    await card().getByText('1,001 hosts').waitFor({ timeout: patience })
    // Those that are asked first.
    await expect
      .poll(async () => Number(await at.page.getByRole('treegrid').getAttribute('aria-rowcount')))
      .toBeGreaterThan(60)
    expect(await rows().count()).toBeLessThan(100)
    expect(await hosts().count()).toBe(10)
    await card().getByRole('button', { name: '991 more' }).click()
    await expect.poll(async () => hosts().count()).toBe(1_001)
  })

  it('stops to show that last figures, and then the cluster, are gone', async () => {
    await at.open('#/?host=host-0')
    await expect.poll(theirs, { timeout: patience }).toEqual(['host-0', 'host-0'])
    cluster.answers.delete('host-0')
    cluster.told.splice(2)
    await expect.poll(theirs, { timeout: patience }).toEqual(['host-0 stale', 'host-0 stale'])
    leave()
    await card().waitFor({ state: 'detached', timeout: patience })
    expect(await at.page.locator('.col-host').count()).toBe(0)
    expect((await at.names()).sort()).toEqual(['books:BTC', 'prices'])
  })
})
