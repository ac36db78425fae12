import type { EventEmitter } from 'node:events'
import type { Logger } from '../contract/logger.ts'
import type { InContext } from './context.ts'
import { runUserCode } from './user-code.ts'

/**
 * Tells an event, as `emit` does. Each listener by itself: one that throws, or rejects, is the program's mistake, which is logged; the others are told all
 * the same.
 *
 * @param emitter Node types a generic event's arguments as a union that no single payload fits.
 * @param inContext the context that listeners run in.
 */
export function tellListeners(
  emitter: EventEmitter,
  event: string,
  payload: unknown,
  { inContext, logger }: { readonly inContext: InContext; readonly logger: Pick<Logger, 'error'> },
): void {
  for (const listener of emitter.rawListeners(event)) {
    runUserCode(
      inContext,
      () => Reflect.apply(listener, emitter, [payload]) as unknown,
      (error) => logger.error({ err: error, event }, 'a listener threw'),
    )
  }
}
