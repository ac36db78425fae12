// Type-checked against the packed package: what should compile does, and each line after a directive should not.
import { ComponentCoordinator, isComponentCrashedError, proxy, transfer, withCallOptions } from 'spillway'
import type { DefinitionOf, ComponentInfo, Lease, Remote, UnloadReport } from 'spillway'
import { LazyHistoricalDataService } from 'spillway/services'
import type { Candles } from 'spillway/services'
import { crash, evict, inline, manualClock, simulatePressure } from 'spillway/testing'
import {
  callSignal,
  defineComponent,
  InvalidOptionsError,
  isCallTimeoutError,
  registerErrorClass,
  SpillwayError,
} from 'spillway/worker'

class QuotaError extends SpillwayError {
  readonly code = 'ERR_QUOTA'
  readonly left = 0
}
const isQuotaError = registerErrorClass('ERR_QUOTA', QuotaError)
// @ts-expect-error its code is another
registerErrorClass('ERR_OTHER', QuotaError)

const component = defineComponent((config: { rows: number }, context) => {
  const { logger } = context
  context.onPressure((level) => logger.warn({ level }, 'short of memory'))
  if (config.rows < 1) throw new InvalidOptionsError('rows', 'a row at least', config.rows)
  return {
    count: (): number => config.rows,
    load: async (name: string, progress?: (share: number) => void): Promise<Float64Array> => {
      progress?.(callSignal().aborted ? 0 : name.length)
      return new Float64Array(config.rows)
    },
    async *stream(): AsyncGenerator<string, void> {
      yield 'row'
    },
    nested: { deep: (flag: boolean): boolean => flag },
  }
})

const definition: DefinitionOf<typeof component> = {
  name: 'rows',
  module: new URL('file:///rows.js'),
  config: { rows: 3 },
}

export async function use(): Promise<UnloadReport> {
  await using coordinator = new ComponentCoordinator({ memory: { totalLimit: 1024 ** 3 } })
  const rows: Remote<typeof component> = coordinator.registerComponent<typeof component>(definition)
  const count: number = await rows.count()
  const loaded: Float64Array = await rows.load(
    'x',
    proxy((share: number) => void share),
  )
  for await (const row of rows.stream()) row.toUpperCase()
  const flag: boolean = await withCallOptions(rows, { timeout: 100 }).nested.deep(true)
  const info: ComponentInfo = coordinator.info('rows')
  using lease: Lease<typeof component> = await coordinator.acquire<typeof component>('rows')
  const leased: number = await lease.component.count()

  // @ts-expect-error a method's arguments are checked
  await rows.load(1)
  // @ts-expect-error a method that is not there
  await rows.missing()
  // @ts-expect-error results are promises
  const now: number = rows.count()
  // @ts-expect-error unknown options are refused
  const refused = new ComponentCoordinator({ totalLimit: 1 })

  const data = new LazyHistoricalDataService(coordinator, { path: 'market.db' })
  const candles: Candles = await data.getHistoricalData('BTC-USD', 0, 1, '1h')
  try {
    transfer(loaded, [loaded.buffer])
  } catch (error) {
    if (isCallTimeoutError(error)) return await coordinator.unloadComponent(`${error.component}`)
    if (isQuotaError(error)) throw new Error(`${error.code} ${error.left?.toFixed()}`, { cause: error })
    if (isComponentCrashedError(error)) throw new Error(`${error.component} ${error.reason}`, { cause: error })
  }
  void [count, flag, info, leased, now, candles, refused]
  return await coordinator.unloadComponent('rows')
}

/** What tests of programs have. */
export async function tested(coordinator: ComponentCoordinator): Promise<void> {
  const clock = manualClock()
  await using other = new ComponentCoordinator({ clock })
  await using pressure = await simulatePressure(other, 'high')
  const reports: readonly UnloadReport[] = pressure.unloaded
  const evicted: UnloadReport | undefined = await evict(coordinator, 'a')
  const { reason } = await crash(coordinator, 'a', { reason: 'error' })
  await using inlined = await inline(component, { rows: reports.length })
  const rows: number = inlined.count()
  // @ts-expect-error it cannot do without its config
  await inline(component)
  // @ts-expect-error there is no such level
  await simulatePressure(coordinator, 'deadly')
  await clock.advance(rows + reason.length + (evicted?.released ?? 0))
}
