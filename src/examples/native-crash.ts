/* Native code in a process of its own: when it crashes, neither this program nor any other component does, and the next call has it again. */
import sharp from 'sharp'
import { ComponentCoordinator, isComponentCrashedError } from '../index.ts'
import type chart from './components/chart.ts'
import type prices from './components/prices.ts'

await using coordinator = new ComponentCoordinator()
const charts = coordinator.registerComponent<typeof chart>({
  name: 'charts',
  module: new URL('./components/chart.ts', import.meta.url),
  config: { width: 400, height: 200 },
  isolation: 'process',
})
const closes = coordinator.registerComponent<typeof prices>({
  name: 'prices',
  module: new URL('./components/prices.ts', import.meta.url),
  config: { days: 1_000 },
})
coordinator.on('crash', ({ name, reason, signal }) => console.log(`${name} is gone: ${reason} ${signal}`))

const days = await Promise.all(Array.from({ length: 100 }, async (_, day) => closes.close(day)))
const image = await charts.line(days)
const { format, width, height } = await sharp(image).metadata()
console.log(`a chart: ${format}, ${width} x ${height}`)
console.log(`drawn in another process: ${(await charts.pid()) !== process.pid}`)

// In a thread this would be the end of the whole program.
const error: unknown = await charts.crash().catch((e: unknown) => e)
if (isComponentCrashedError(error)) console.log(`the call that was under way rejects: ${error.code}, ${error.signal}`)

const same = Buffer.from(image).equals(await charts.line(days))
console.log(`the next call has it again: ${same ? 'the same chart' : 'another one'}`)
const { generation, crashes } = coordinator.info('charts')
console.log(`charts: generation ${generation}, ${crashes} crash`)
console.log(
  `prices: generation ${coordinator.info('prices').generation}, and still ${(await closes.close(0)).toFixed(2)}`,
)
