import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { resolveDefinition } from '../../src/component/definition.ts'
import { resolveCoordinatorOptions } from '../../src/coordinator-options.ts'
import { errorClasses } from '../../src/contract/errors.ts'
import { defaultMemoryOptions } from '../../src/memory/options.ts'

const page = async (name: string): Promise<string> => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** What stands in backticks in the first column of a page's tables. */
function rows(text: string): string[] {
  return [...text.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
}

describe('the reference', () => {
  it('has every option, and none that is unknown', async () => {
    const text = await page('options.md')
    const [component = '', coordinator = '', memory = ''] = text.split(/^## /m).slice(1)
    const definition = resolveDefinition(
      { name: 'a', module: 'node:fs' },
      { load: 1_000, call: undefined, dispose: 1_000 },
    )
    expect(rows(component).toSorted()).toEqual(Object.keys(definition).toSorted())
    const { defaults: _, ...options } = resolveCoordinatorOptions({})
    expect(rows(coordinator).toSorted()).toEqual([...Object.keys(options), 'timeout', 'autoUnloadEnabled'].toSorted())
    expect(rows(memory).toSorted()).toEqual(Object.keys(defaultMemoryOptions).toSorted())
  })

  it('has every error with its class', async () => {
    const text = await page('errors.md')
    expect(rows(text).toSorted()).toEqual(Object.keys(errorClasses).toSorted())
    for (const [code, { name }] of Object.entries(errorClasses)) expect(text).toContain(`| \`${code}\` | \`${name}\` |`)
  })

  it('is reached from the README, by links that lead somewhere', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const links = [...readme.matchAll(/\]\((docs\/[^)#]+)/g)].map(([, link = '']) => link)
    expect(links).toContain('docs/options.md')
    for (const link of links) await expect(page(link.slice('docs/'.length))).resolves.toBeTruthy()
    expect(readme.split('\n').length).toBeLessThanOrEqual(200)
  })
})
