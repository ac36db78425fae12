/** Puts the results of `npm run bench` into docs/figures.md, and draws its plots, from them and from its tables. */
import { readFile, writeFile } from 'node:fs/promises'
import { renderPlots } from './figures/plots.ts'
import { renderResults } from './figures/results-plots.ts'
import { withResults } from './figures/suite-tables.ts'
import { readResults } from './harness/results.ts'

const docs = new URL('../docs/', import.meta.url)
const results = await readResults(new URL('results/', import.meta.url))
const page = withResults(await readFile(new URL('figures.md', docs), 'utf8'), results)
await writeFile(new URL('figures.md', docs), page)
for (const { file, svg } of [...renderPlots(page), ...renderResults(results)]) {
  await writeFile(new URL(`figures/${file}`, docs), svg)
  console.log(`docs/figures/${file}`)
}
