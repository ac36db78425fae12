import { closeMoved } from './close-moved.ts'
import { unmarshal } from './marshal.ts'
import type { CallbackLinks, Signals } from './marshal.ts'
import type { HandledValues } from './protocol.ts'

/** The arguments of a call as its method gets them. @throws what `unmarshal` throws; then what moved here with any of them is closed. */
export function receiveArguments(
  args: readonly unknown[],
  handled: HandledValues,
  { component, links }: { readonly component: string; readonly links: CallbackLinks },
  signals: Signals,
): unknown[] {
  const values = [...args]
  try {
    for (const [index, handling] of handled) {
      values[index] = unmarshal(component, values[index], handling, links, signals)
    }
    return values
  } catch (error) {
    closeMoved(args)
    throw error
  }
}
