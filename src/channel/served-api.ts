import type { CallbackLinks } from './marshal.ts'
import type { ServedMethods } from './method-table.ts'
import type { ServedMeter } from './served-calls.ts'
import type { ChannelEnd } from './transport.ts'

/** What is served on a connection. */
export interface ServedApi {
  readonly component: string
  readonly table: ServedMethods
  readonly links: CallbackLinks
  /** Serves what is at `path` on another channel too; callbacks are shared so, components are not. */
  readonly share?: (path: readonly string[], end: ChannelEnd) => void
  /** Counts what is served; callbacks are served without one. */
  readonly meter?: ServedMeter
}
