import { DatabaseSync } from 'node:sqlite'
import { defineComponent, reportSqliteMemory } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

export interface SqliteConfig {
  /** Of the database; ':memory:'. */
  readonly path: string
  /** It tells what the database holds. */
  readonly reports?: boolean
}

/** A table in memory, or in a file with a page cache that holds all of it. */
export default defineComponent(({ path, reports = false }: SqliteConfig, context): Hoard & Disposable => {
  const database = new DatabaseSync(path)
  database.exec(
    'pragma cache_size = -1000000; pragma journal_mode = off; drop table if exists t; create table t (data blob)',
  )
  if (reports) reportSqliteMemory(context, database)
  const insert = database.prepare('insert into t values (randomblob(1024 * 1024))')
  return {
    async hold(mib) {
      for (let i = 0; i < mib; i++) insert.run()
      database.prepare('select sum(length(data)) from t').get()
    },
    [Symbol.dispose]: () => database.close(),
  }
})
