import { describe, expect, it } from 'vitest'
import * as core from '../../src/index.ts'
import * as services from '../../src/services/index.ts'
import { section, tableRows } from '../../bench/figures/markdown.ts'
import { readPage, sourceOf } from './page.ts'

const page = await readPage('docs/errors.md')

describe('the errors', () => {
  it.each([
    ['Of the core', core],
    ['Of the services', services],
  ])('"%s" are all there, each with its code, when it comes and what to do', (heading, entry) => {
    const rows = tableRows(section(page, heading))
    expect(rows.map(([, name = '']) => name.replaceAll('`', '')).toSorted()).toEqual(errorNames(entry))
    for (const [code = '', name = ''] of rows) {
      expect(`${code} ${core.errorClassOf(code.replaceAll('`', ''))?.name}`).toBe(`${code} ${name.replaceAll('`', '')}`)
    }
    expect(rows.filter(([, , when, advice]) => !when || !advice)).toEqual([])
  })

  it('tell of a crash for one of the reasons that are told', async () => {
    const type = await sourceOf(/^export type CrashReason =([^]*?)\n\n/m)
    const reasons = [...type.matchAll(/'([\w-]+)'/g)].map(([, reason = '']) => reason)
    const told = tableRows(section(page, 'Reasons of a crash')).map(([reason = '']) => reason.replaceAll('`', ''))
    expect(told.toSorted()).toEqual(reasons.toSorted())
  })

  it('have a guard each', () => {
    for (const entry of [core, services]) {
      for (const name of errorNames(entry)) expect(Object.keys(entry)).toContain(`is${name}`)
    }
  })
})

/** Names of the error classes of an entry, but for the base of all. */
function errorNames(entry: object): string[] {
  return Object.entries(entry)
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof core.SpillwayError)
    .map(([name]) => name)
    .toSorted()
}
