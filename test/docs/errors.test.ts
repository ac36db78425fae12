import { describe, expect, it } from 'vitest'
import * as core from '../../src/index.ts'
import * as services from '../../src/services/index.ts'
import { section, tableRows } from '../../bench/figures/markdown.ts'
import { readPage, sourceOf, sourcesMatching } from './page.ts'

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
    const rows = tableRows(section(page, 'Reasons of a crash'))
    expect(rows.map(([reason = '']) => reason.replaceAll('`', '')).toSorted()).toEqual(reasons.toSorted())
    expect(rows.filter(([, what, advice]) => !what || !advice)).toEqual([])
  })

  it('of the core are each told to be sent again, or not', () => {
    const codes = tableRows(section(page, 'Of the core')).filter(([code]) => code?.startsWith('`ERR_'))
    const again = section(page, 'Send it again?').matchAll(/`(ERR_\w+)`/g)
    expect([...again].map(([, code = '']) => code).toSorted()).toEqual(
      codes.map(([code = '']) => code.replaceAll('`', '')).toSorted(),
    )
  })

  it('of the dashboard are those that it answers with', async () => {
    const rows = tableRows(section(page, 'Of the dashboard'))
    const refusing = /(?:refuse|new HttpError)\(\s*(\d+,\s*'[A-Z_]+')/g
    const found = await Promise.all(['dashboard/', 'live/'].map(async (folder) => sourcesMatching(refusing, folder)))
    const answered = found.flat().map((each) => each.replaceAll(/\s+/g, ' '))
    expect(rows.map(([status, code]) => `${status}, ${code?.replaceAll('`', "'")}`).toSorted()).toEqual(
      answered.toSorted(),
    )
    expect(rows.filter(([, , when, advice]) => !when || !advice)).toEqual([])
  })

  it('are none of the warnings, which are those that are given', async () => {
    const rows = tableRows(section(page, 'Warnings of the process'))
    const given = await sourcesMatching(/type: 'SpillwayWarning',\s+code: '(SPILLWAY_\w+)'/g)
    expect(rows.map(([code = '']) => code.replaceAll('`', '')).toSorted()).toEqual([...new Set(given)].toSorted())
    expect(rows.filter(([, when, advice]) => !when || !advice)).toEqual([])
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
