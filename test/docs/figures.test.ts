import { describe, expect, it } from 'vitest'
import { renderPlots } from '../../bench/figures/plots.ts'
import { localLinks, readPage } from './page.ts'

const page = await readPage('docs/figures.md')

describe('the figures', () => {
  it.each(renderPlots(page))('are drawn in $file as they are written (npm run docs:figures)', async ({ file, svg }) => {
    expect(await readPage(`docs/figures/${file}`)).toBe(svg)
    expect(localLinks(page)).toContain(`figures/${file}`)
  })

  it('have the command that prints them in every section', () => {
    const without = page
      .split(/^## /m)
      .slice(1)
      .filter((section) => !/`(npm (run|start)|node )[^`]*`/.test(section))
    expect(without).toEqual([])
  })
})
