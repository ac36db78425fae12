import { describe, expect, it } from 'vitest'
import { renderPlots } from '../../bench/figures/plots.ts'
import { renderResults } from '../../bench/figures/results-plots.ts'
import { withResults } from '../../bench/figures/suite-tables.ts'
import { readResults } from '../../bench/harness/results.ts'
import { localLinks, readPage } from './page.ts'

const page = await readPage('docs/figures.md')
const readme = await readPage('README.md')
const results = await readResults(new URL('../../bench/results/', import.meta.url))
const linked = [...localLinks(page).map((link) => `docs/${link}`), ...localLinks(readme)]

describe('the figures', () => {
  it.each([...renderPlots(page), ...renderResults(results)])(
    'are drawn in $file as they are written (npm run docs:figures)',
    async ({ file, svg }) => {
      expect(await readPage(`docs/figures/${file}`)).toBe(svg)
      expect(linked).toContain(`docs/figures/${file}`)
    },
  )

  it('of npm run bench are those of bench/results, none of them a first look', () => {
    expect(withResults(page, results)).toBe(page)
    expect([...results.values()].filter(({ quick }) => quick)).toEqual([])
  })

  it('have the command that prints them in every section', () => {
    const without = page
      .split(/^## /m)
      .slice(1)
      .filter((section) => !/`(npm (run|start)|node )[^`]*`/.test(section))
    expect(without).toEqual([])
  })
})
