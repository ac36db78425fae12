import { FixedThreadPool } from 'poolifier'
import { fileURLToPath } from 'node:url'
import type { Candle, Columns, DataSource } from '../../contenders/data/source.ts'

/** It moves arguments, no results, and a task answers once. */
export function poolifier(): DataSource {
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('poolifier-worker.js', import.meta.url)))
  return {
    objects: async (count) => (await pool.execute(count, 'objects')) as Candle[],
    columns: async (count) => (await pool.execute(count, 'columns')) as Columns,
  }
}
