import { messageOf } from '../../contract/describe-value.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { readEvents } from './event-stream.ts'
import { listenForEnd } from './listen-for-end.ts'
import { DashboardRefusal } from './problems.ts'
import { parseTopOptions, topUsage } from './top-options.ts'
import type { TopOptions } from './top-options.ts'
import { after } from './top-state.ts'
import type { TopState } from './top-state.ts'
import { PlainView, TerminalView } from './views.ts'
import type { View } from './views.ts'

/** ms between two attempts to connect: doubled up to the last. */
const backoff = { first: 500, last: 10_000 }

/** @throws CliError */
export async function runTop(args: readonly string[]): Promise<ExitCode> {
  const options = parseTopOptions(args, process.env)
  if (!options) {
    process.stdout.write(topUsage)
    return exitCodes.ok
  }
  using ending = listenForEnd(process)
  await watch(options, ending.signal)
  return exitCodes.ok
}

/** Until `signal` is aborted, or the dashboard says no for good. */
async function watch(options: TopOptions, signal: AbortSignal): Promise<void> {
  let state: TopState | undefined
  let view: View | undefined
  let since: number | undefined
  let wait = backoff.first
  try {
    while (!signal.aborted) {
      try {
        for await (const event of readEvents(options.url, options.token, signal)) {
          state = after(state, event)
          // Rates need two looks.
          if (!state || (options.once && event.event === 'snapshot')) continue
          view ??= openView(options)
          view.show(state, { status: 'live', at: Date.now() })
          since = undefined
          wait = backoff.first
          if (options.once) return
        }
      } catch (error) {
        const why = printable(messageOf(error))
        const forGood = error instanceof DashboardRefusal && !error.passing
        if (!state || !view || forGood)
          throw new CliError(`${options.url.href}: ${why}`, exitCodes.failed, { cause: error })
        since ??= Date.now()
        view.show(state, { status: 'lost', since, why, retryAt: Date.now() + wait })
        await sleep(wait, undefined, { signal }).catch(() => {})
        wait = Math.min(wait * 2, backoff.last)
      }
    }
  } finally {
    view?.[Symbol.dispose]()
  }
}

function openView({ interval, once }: TopOptions): View {
  const { stdout, stderr } = process
  return stdout.isTTY && !once ? new TerminalView(stdout, interval) : new PlainView(stdout, stderr, interval)
}
