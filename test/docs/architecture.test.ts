import { expect, it } from 'vitest'
import { section } from '../../bench/figures/markdown.ts'
import { readPage } from './page.ts'

const page = await readPage('docs/architecture.md')

it.each(['A call', 'A sample that becomes an unload', 'A load with admission'])(
  '"%s" leads through at most twelve files, and none twice',
  (heading) => {
    const files = [...section(page, heading).matchAll(/^\d+\. `([^`]+\.ts)`: /gm)].map(([, file]) => file)
    expect(files.length).toBeGreaterThan(5)
    expect(files.length).toBeLessThanOrEqual(12)
    expect(new Set(files).size).toBe(files.length)
  },
)
