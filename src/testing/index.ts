import '../base/supported-node.ts'
import { tidyAfterTests } from './after-tests.ts'

export { crash } from './crash.ts'
export type { CrashOptions } from './crash.ts'
export { evict } from './evict.ts'
export { globalClock } from './global-clock.ts'
export { inline, inlineContext } from './inline.ts'
export type { ExportOf, InlineArguments, InlineContext, Inlined, InlineOptions } from './inline.ts'
export { manualClock } from './manual-clock.ts'
export type { ManualClock } from './manual-clock.ts'
export { expectNothingLeft } from './nothing-left.ts'
export type { NothingLeftOptions } from './nothing-left.ts'
export { simulatePressure } from './simulate-pressure.ts'
export type { SimulatedPressure } from './simulate-pressure.ts'
export type { Clock } from '../contract/clock.ts'

tidyAfterTests()
