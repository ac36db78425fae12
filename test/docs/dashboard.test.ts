import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { localLinks, readPage } from './page.ts'

it('the picture of the dashboard is there, shown, and not too heavy (npm run docs:picture)', async () => {
  const picture = await readFile(new URL('../../docs/dashboard.png', import.meta.url))
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  expect(picture.length).toBeLessThan(300_000)
  expect(localLinks(await readPage('docs/dashboard.md'))).toContain('dashboard.png')
})
