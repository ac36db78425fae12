/** Draws the plots of docs/figures.md from its tables. */
import { readFile, writeFile } from 'node:fs/promises'
import { renderPlots } from './figures/plots.ts'

const docs = new URL('../docs/', import.meta.url)
for (const { file, svg } of renderPlots(await readFile(new URL('figures.md', docs), 'utf8'))) {
  await writeFile(new URL(`figures/${file}`, docs), svg)
  console.log(`docs/figures/${file}`)
}
