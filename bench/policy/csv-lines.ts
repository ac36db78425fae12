import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** Rows of a CSV file of plain cells (no quotes), each with the index of every column by the header's name. */
export async function* csvRows(path: string): AsyncGenerator<(column: string) => string> {
  let columns: ReadonlyMap<string, number> | undefined
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const cells = line.split(',')
    if (columns === undefined) {
      columns = new Map(cells.map((name, index) => [name.trim(), index]))
      continue
    }
    const indexes = columns
    yield (column) => {
      const index = indexes.get(column)
      if (index === undefined) throw new Error(`${path} has no column "${column}"`)
      return cells[index] ?? ''
    }
  }
}
