import { spawn, Worker } from 'threads'
import type { Observable } from 'threads'
import { Arrivals } from '../../contenders/data/source.ts'
import type { Candle, Columns, DataSource } from '../../contenders/data/source.ts'

interface Api {
  objects(count: number): Promise<Candle[]>
  columns(count: number): Promise<Columns>
  moved(count: number): Promise<Columns>
  rows(count: number, size: number): Observable<Candle | readonly Candle[]>
}

export async function threadsJs(): Promise<DataSource> {
  const thread = await spawn<Api>(new Worker('./threads-js-worker.js'))
  return {
    objects: (count) => thread.objects(count),
    columns: (count) => thread.columns(count),
    moved: (count) => thread.moved(count),
    // An observable is told of what there is, whether or not it has read what there was.
    rows: (count, size) => {
      const rows = new Arrivals<Candle | readonly Candle[]>()
      thread.rows(count, size).subscribe({ next: (value) => rows.push(value), complete: () => rows.end() })
      return rows
    },
  }
}
