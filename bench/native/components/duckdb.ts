import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

interface Connection {
  run(sql: string): Promise<unknown>
}
interface DuckDb {
  DuckDBInstance: { create(path: string, options: object): Promise<{ connect(): Promise<Connection> }> }
}

/** A table of random numbers in memory, which do not compress. */
export default defineComponent(async (): Promise<Hoard> => {
  const name = '@duckdb/node-api'
  const { DuckDBInstance } = (await import(name)) as DuckDb
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  let tables = 0
  return {
    async hold(mib) {
      const rows = Math.round((mib * 1024 ** 2) / 16)
      await connection.run(`create table t${tables++} as select random() as a, random() as b from range(${rows})`)
    },
  }
})
