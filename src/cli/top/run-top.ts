import { messageOf } from '../../contract/describe-value.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { chooseProgram } from '../programs.ts'
import { dashboardAt, programBy, readEvents } from './event-stream.ts'
import type { EventSource } from './event-stream.ts'
import { listenForEnd } from './listen-for-end.ts'
import { DashboardRefusal } from './problems.ts'
import { parseTopOptions, topUsage } from './top-options.ts'
import type { TopOptions, TopTarget } from './top-options.ts'
import type { Look } from './rows.ts'
import { after } from './top-state.ts'
import type { TopState } from './top-state.ts'
import { jsonText, PlainView, plainText, TerminalView } from './views.ts'
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
  const source = await sourceOf(options.target)
  let view: View | undefined
  using ending = listenForEnd(process, (key) => view?.press?.(key))
  using shown = new DisposableStack()
  await watch(source, options, () => (view ??= shown.use(openView(options))), ending.signal)
  return exitCodes.ok
}

async function sourceOf(target: TopTarget): Promise<EventSource> {
  return target.kind === 'dashboard' ? dashboardAt(target.url, target.token) : programBy(await chooseProgram(target.id))
}

/** Until `signal` is aborted, the dashboard says no for good, or the program ends. @param open the view, once there is something to show. */
async function watch(source: EventSource, options: TopOptions, open: () => View, signal: AbortSignal): Promise<void> {
  let state: TopState | undefined
  let since: number | undefined
  let wait = backoff.first
  while (!signal.aborted) {
    try {
      for await (const event of readEvents(source, signal)) {
        state = after(state, event)
        // Rates need two looks.
        if (!state || (options.once && event.event === 'snapshot')) continue
        open().show(state, { status: 'live', at: Date.now() })
        since = undefined
        wait = backoff.first
        if (options.once) return
      }
    } catch (error) {
      const why = printable(messageOf(error))
      const forGood = error instanceof DashboardRefusal && !error.passing
      if (!source.reopens && state)
        throw new CliError(`${source.name} has ended, or cannot be reached any more`, exitCodes.failed, {
          cause: error,
        })
      if (!state || forGood) throw new CliError(`${source.heading}${why}`, exitCodes.failed, { cause: error })
      since ??= Date.now()
      open().show(state, { status: 'lost', since, why, retryAt: Date.now() + wait })
      await sleep(wait, undefined, { signal }).catch(() => {})
      wait = Math.min(wait * 2, backoff.last)
    }
  }
}

function openView({ interval, once, json, sort, host }: TopOptions): View {
  const { stdout } = process
  if (json) return new PlainView(process, interval, jsonText)
  const look: Look = { sort, folded: true, offset: 0, ...(host !== undefined && { host }) }
  return stdout.isTTY && !once
    ? new TerminalView(stdout, interval, look)
    : new PlainView(process, interval, plainText(look))
}
