import { expect, test } from 'vitest'
import { createColumns, rows, sliceColumns } from '../../../../src/services/historical-data/candles.ts'
import { candles } from '../../../services/historical-data/harness.ts'

test('rows walks columns one row at a time, only as far as it is asked to', () => {
  const made = candles(0, '1m', 3)
  const columns = createColumns(3)
  made.forEach((candle, i) => {
    for (const [name, value] of Object.entries(candle)) columns[name as keyof typeof columns][i] = value
  })
  expect([...rows(columns)]).toEqual(made)
  expect(rows(columns).take(1).toArray()).toEqual([made[0]])
  expect([...rows(createColumns(0))]).toEqual([])
  const slice = sliceColumns(columns, 1, 2)
  expect([...rows(slice)]).toEqual([made[1]])
  expect(slice.time.buffer.byteLength).toBe(8)
})
