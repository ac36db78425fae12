import { ComponentCoordinator } from 'spillway'
import type { Candle, Columns, DataSource } from './source.ts'

interface Api {
  objects(count: number): Candle[]
  columns(count: number): Columns
  moved(count: number): Columns
  rows(count: number, size: number): AsyncGenerator<Candle | readonly Candle[]>
}

export function spillway(): DataSource {
  const coordinator = new ComponentCoordinator({ spareWorkers: 0 })
  const { objects, columns, moved, rows } = coordinator.registerComponent<Api>({
    name: 'data',
    module: new URL('spillway-worker.js', import.meta.url),
  })
  return { objects, columns, moved, rows }
}
