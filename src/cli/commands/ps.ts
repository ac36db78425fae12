import { messageOf } from '../../contract/describe-value.ts'
import { age, bytes, percent } from '../../dashboard/page/format.js'
import type { ProgramView } from '../../control/routes.ts'
import { misused, parseCommand } from '../arguments.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { note, print, printJson, tableLines } from '../output.ts'
import { commandOf, findPrograms, howToSwitchOn, viewOf } from '../programs.ts'

export const psUsage = `spillway ps [options]

Programs of this user that can be looked at: those whose coordinator was made with { control: true }, or that run with SPILLWAY_CONTROL=1.
Below each: what is wrong now.

  --host <name>   only what has joined a cluster by that name
  --json          as JSON: a list
  --help
`

/** @throws CliError */
export async function runPs(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('ps', args, { host: { type: 'string' } })
  if (values.help) {
    process.stdout.write(psUsage)
    return exitCodes.ok
  }
  if (positionals.length > 0) throw misused('ps', 'it takes no names')
  const { programs, problems } = await findPrograms()
  const all = await Promise.all(
    programs.map(async (program) =>
      viewOf(program).then(
        (view) => ({ program, view, problem: undefined }),
        (error: unknown) => ({ program, view: undefined, problem: messageOf(error) }),
      ),
    ),
  )
  const looks = values.host === undefined ? all : all.filter(({ view }) => view?.cluster?.name === values.host)
  if (values.json) {
    printJson(
      looks.map(({ program: { id, socket }, view, problem }) => ({
        id,
        socket,
        ...view,
        ...(problem !== undefined && { problem }),
      })),
    )
  } else if (looks.length > 0) {
    const now = Date.now()
    const joined = looks.some(({ view }) => view?.cluster)
    const host = (view?: ProgramView): string[] => (joined ? [view?.cluster?.name ?? '–'] : [])
    const columns = ['PID', ...(joined ? ['HOST'] : []), 'UP', 'PRESSURE', 'MEMORY', 'LOADED', 'PROGRAM']
    const rows = looks.map(({ program: { id }, view, problem }) =>
      view
        ? [
            id,
            ...host(view),
            age(now - view.startedAt),
            view.pressureLevel,
            `${bytes(view.usage)} of ${bytes(view.limit)} (${percent(view.usage / view.limit)})`,
            `${view.loaded} of ${view.registered}`,
            commandOf(view),
          ]
        : [id, ...host(), '–', '–', '–', '–', problem ?? ''],
    )
    const [heading = '', ...lines] = tableLines(
      columns.map((each) => ({ heading: each })),
      rows,
    )
    print(heading)
    for (const [at, line] of lines.entries()) {
      print(line, ...(looks[at]?.view?.urgent ?? []).map((message) => `  ! ${message}`))
    }
  }
  if (all.length === 0) note(`No program was found: ${howToSwitchOn}.`)
  else if (looks.length === 0) note(`No program has joined a cluster as "${values.host}".`)
  note(...problems)
  return exitCodes.ok
}
