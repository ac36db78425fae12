import { transferHandlers } from 'comlink'
import type { ServedMethod, ServedMethods } from './method-table.ts'
import { transferListOf } from './transfer-list.ts'

/**
 * What a method answers. One that returns what it was called on, as fluent ones do, or all that is served, answers with nothing: its caller has the remote
 * of that, and a clone would give away what is inside. What was marked with `proxy()` or `transfer()`, or has a transfer handler, goes as its maker said.
 */
export function answerOf(result: unknown, { self }: ServedMethod, { api }: ServedMethods): unknown {
  if (result !== self && result !== api) return result
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return result
  for (const handler of transferHandlers.values()) if (handler.canHandle(result)) return result
  return transferListOf(result).length > 0 ? result : undefined
}
