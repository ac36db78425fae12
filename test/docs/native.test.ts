import { expect, it } from 'vitest'
import { section, tableRows } from '../../bench/figures/markdown.ts'
import { knownAddons } from '../../src/host/known-addons.ts'
import { readPage } from './page.ts'

it('the addons that do not bear a second load are those of the code', async () => {
  const rows = tableRows(section(await readPage('docs/native.md'), 'Addons'))
  const told = rows.map(([name = '', ...rest]) => [name.replaceAll('`', ''), ...rest])
  expect(told).toEqual(
    knownAddons.map(({ name, versions, fault, effect, source }) => [name, versions, fault, effect, source]),
  )
})
