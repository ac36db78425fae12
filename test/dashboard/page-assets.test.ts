import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'
import { expect, it } from 'vitest'
import { loadPageAssets } from '../../src/dashboard/page-assets.ts'

const { files } = await loadPageAssets()

it('all files of the page together are small', () => {
  const bytes = Array.from(files.values(), ({ body }) => body.length).reduce((sum, length) => sum + length, 0)
  expect(bytes).toBeGreaterThan(100_000)
  expect(bytes).toBeLessThan(300_000)
})

it('names its own files below wherever it stands', () => {
  const html = String(files.get('/')?.body)
  expect(html).toContain('./page/store.js')
  expect(html).not.toMatch(/(?:src|href)="\//)
  expect(html).not.toMatch(/": ?"\//)
})

it('asks at once for every module, but for those of its worker', () => {
  const html = String(files.get('/')?.body)
  const modules = [...files.keys()].filter((path) => path.startsWith('/page/') && path.endsWith('.js'))
  const late = modules.filter((path) => !html.includes(`rel="modulepreload" href=".${path}"`))
  expect(late.sort()).toEqual(['/page/heap-diff.js', '/page/heap-snapshot-reader.js', '/page/heap-worker.js'])
})

it('sends modules that do what is written, without the comments that are types', async () => {
  const folder = new URL('../../src/dashboard/page/', import.meta.url)
  const meant = async (code: string): Promise<string> => (await transform(code, { minify: true })).code
  for (const [path, { body }] of files) {
    const [, name] = /^\/page\/(.+\.js)$/.exec(path) ?? []
    if (name === undefined) continue
    const sent = String(body)
    expect([name, await meant(sent)]).toEqual([name, await meant(await readFile(new URL(name, folder), 'utf8'))])
    expect([name, /^\s*\/\*\*.*\*\/$/m.test(sent)]).toEqual([name, false])
  }
})
