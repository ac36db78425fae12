import { describe, expect, it } from 'vitest'
import { fixture, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { findings } from './browser.ts'
import { PageFixture } from './page-fixture.ts'

const many = 1_000
const coordinator = sharedCoordinator()
const family = coordinator.registerFamily<KitchenSink>({ name: 'venue', module: fixture('kitchen-sink.ts') })
for (let i = 0; i < many; i++) family.get(String(i))
for (let i = 0; i < many; i++) {
  const needs = i % 4 === 0 ? [] : [`component-${i - (i % 4)}`]
  coordinator.registerComponent(sink(`component-${i}`, { dependencies: needs }))
}

const at = new PageFixture(coordinator)

/** Rows in the document: those near what is visible. */
const fewRows = 100
const index = async () => at.page.evaluate<number>('Number(document.activeElement.ariaRowIndex)')
const isVisible = async () =>
  at.page.evaluate<boolean>(`(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect()
    return top >= document.querySelector('thead').getBoundingClientRect().bottom - 1 && bottom <= innerHeight + 1
  })()`)

describe('a thousand components, and a family of a thousand', () => {
  it('are rows of which only those near what is visible are in the document, wherever that is', async () => {
    await at.open()
    const table = at.page.getByRole('treegrid')
    await expect.poll(async () => table.getAttribute('aria-rowcount')).toBe(String(1 + many + 1))
    await at.page.getByRole('button', { name: 'Members of venue' }).click()
    await expect.poll(async () => table.getAttribute('aria-rowcount')).toBe(String(1 + many + 1 + many))
    expect(await at.rows().count()).toBeLessThan(fewRows)
    await at.page.evaluate('scrollTo(0, document.body.scrollHeight / 2)')
    // The first is the one that was clicked: the focus stays there.
    await expect.poll(async () => Number(await at.rows().nth(1).getAttribute('aria-rowindex'))).toBeGreaterThan(500)
    expect(await at.rows().count()).toBeLessThan(fewRows)
    expect(await at.page.locator('.graph a').count()).toBe(0)
    expect(await findings(at.page)).toEqual([])
    await at.page.evaluate('scrollTo(0, 0)')
    await at.page.getByRole('button', { name: 'Members of venue' }).click()
    await expect.poll(async () => table.getAttribute('aria-rowcount')).toBe(String(1 + many + 1))
  })

  it('are where they were, with the focus on the row that was left, when one comes back from one of them', async () => {
    await at.open()
    await at.page.evaluate('scrollTo(0, 9000)')
    const link = at.page.getByRole('link', { name: /^component-\d+$/ }).nth(20)
    const name = await link.textContent()
    const top = await at.page.evaluate<number>('scrollY')
    await link.click()
    await at.page.locator('#component-title').waitFor()
    await expect.poll(async () => at.page.evaluate('scrollY')).toBe(0)
    await at.page.goBack()
    await expect.poll(async () => at.page.evaluate('document.activeElement.querySelector("a")?.textContent')).toBe(name)
    await expect.poll(async () => Math.abs((await at.page.evaluate<number>('scrollY')) - top)).toBeLessThan(100)
  })

  it('are reached by keys from one that Tab goes to, which stays wherever rows go', async () => {
    // Where one was before is forgotten.
    await at.page.goto('about:blank')
    await at.open()
    await at.page
      .getByRole('columnheader', { name: 'Next unload' })
      .or(at.page.getByRole('columnheader', { name: 'If medium' }))
      .getByRole('button')
      .focus()
    await at.page.keyboard.press('Tab')
    await expect.poll(index).toBe(2)
    await at.page.keyboard.press('End')
    await expect.poll(index).toBe(1 + many + 1)
    await expect.poll(isVisible).toBe(true)
    await at.page.keyboard.press('ArrowUp')
    await expect.poll(index).toBe(many + 1)
    await at.page.keyboard.press('Home')
    await expect.poll(index).toBe(2)
    await expect.poll(isVisible).toBe(true)
    await at.page.keyboard.press('PageDown')
    await expect.poll(index).toBeGreaterThan(5)
    await expect.poll(isVisible).toBe(true)
    await at.page.keyboard.press('ArrowDown')
    const focused = await at.focused()
    const before = await index()
    // From far away, and while figures come.
    await at.page.evaluate(`document.querySelector('th.col-name button').click()`)
    await at.page.evaluate(`document.querySelector('th.col-name button').click()`)
    await expect.poll(index).not.toBe(before)
    expect(await at.focused()).toBe(focused)
    await coordinator.getComponent('component-7')
    await at.page.getByRole('searchbox').fill('component-77')
    await expect.poll(async () => (await at.names()).length).toBe(11)
  })

  it('opens and closes a family by keys, and a component', async () => {
    await at.open()
    await at.page.getByRole('searchbox').fill('venue')
    await at.page.getByRole('searchbox').fill('')
    const row = at.rows().filter({ has: at.page.getByRole('button', { name: 'Members of venue' }) })
    await at.page.getByRole('columnheader', { name: 'Component' }).getByRole('button').click()
    await at.page.getByRole('columnheader', { name: 'Component' }).getByRole('button').click()
    await row.focus()
    await at.page.keyboard.press('ArrowRight')
    await expect.poll(async () => row.getAttribute('aria-expanded')).toBe('true')
    await at.page.keyboard.press('ArrowRight')
    await expect.poll(async () => at.focused()).toContain('venue:999')
    await at.page.keyboard.press('ArrowLeft')
    await at.page.keyboard.press('ArrowLeft')
    await expect.poll(async () => row.getAttribute('aria-expanded')).toBe('false')
    await at.page.keyboard.press('ArrowDown')
    await expect.poll(async () => at.focused()).toContain('component-999')
    await at.page.keyboard.press('Enter')
    await expect.poll(async () => at.page.locator('#component-title').textContent()).toContain('component-999')
  })
})
