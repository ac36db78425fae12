import { isMainThread } from 'node:worker_threads'
import type { LogTap, TappedLine } from '../observability/log-tap.ts'
import type { Logger } from '../contract/logger.ts'
import type { Operated } from '../live/observed.ts'
import { hasWorkerBegun } from '../host/worker-begins.ts'

interface SwitchParts {
  readonly asked: boolean
  readonly coordinator: Operated
  readonly logger: Logger & { readonly tap: LogTap }
}

/**
 * Opens a coordinator to the command line, where that is asked for and this is a program of its own; disposed of, it is closed. Nothing is loaded for it
 * otherwise. That it cannot be opened is a warning in the log, and harms nobody.
 */
export function switchControl({ asked, coordinator, logger }: SwitchParts): AsyncDisposable {
  if (!asked) return closed
  if (!isMainThread || hasWorkerBegun()) {
    logger.debug('control: the command line attaches to programs, and not to what runs in a worker of theirs')
    return closed
  }
  const opening = open({ coordinator, logger, tap: logger.tap })
  return {
    async [Symbol.asyncDispose]() {
      await (await opening)[Symbol.asyncDispose]()
    },
  }
}

const closed: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

async function open(parts: Omit<SwitchParts, 'asked'> & { readonly tap: LogTap }): Promise<AsyncDisposable> {
  const early: TappedLine[] = []
  // What is logged until it is open is told as well.
  parts.tap.listener = (line) => void early.push(line)
  try {
    const { openControl } = await import('./open-control.ts')
    return await openControl({ ...parts, early })
  } catch (error) {
    parts.tap.listener = undefined
    parts.logger.warn({ err: error }, 'control: the command line cannot attach')
    return closed
  }
}
