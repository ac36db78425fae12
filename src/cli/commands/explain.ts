import type { Explained, HostExplained } from '../../control/routes.ts'
import { CliError, exitCodes } from '../exit-codes.ts'
import { misused, parseCommand, programAndComponent } from '../arguments.ts'
import { askJson, inPath, usualPatience } from '../control-client.ts'
import { componentLines } from '../explain/component-lines.ts'
import type { ExplainedComponent } from '../explain/component-lines.ts'
import { hostLines } from '../explain/host-lines.ts'
import { processLines } from '../explain/process-lines.ts'
import type { ExitCode } from '../exit-codes.ts'
import { print, printJson } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const explainUsage = `spillway explain [pid] [component] [options]

Why a program is as it is: its pressure and what makes it so, who holds what, and what a round of unloading would do next. With a component: why it is loaded,
why it stays or goes next, who calls it, what it holds, its last errors, and what has happened to it. Without a pid: the only program there is.

  --host <name>   a host of its cluster, or a component there, as far as that host tells
  --json          all of it as JSON
  --help
`

/** @throws CliError */
export async function runExplain(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('explain', args, { host: { type: 'string' } })
  if (values.help) {
    process.stdout.write(explainUsage)
    return exitCodes.ok
  }
  if ([...positionals, values.host].some((each) => each === '')) throw misused('explain', 'a name is empty')
  const { id, component } = programAndComponent('explain', positionals)
  const { socket } = await chooseProgram(id)
  const asked = { patience: usualPatience }
  if (values.host !== undefined) {
    const explained = await askJson<HostExplained>(socket, `/hosts/${inPath(values.host)}`, asked)
    const shown = component === undefined ? explained : componentAt(explained, component)
    if (values.json) printJson(shown)
    else print(...('host' in shown ? hostLines(shown, Date.now()) : componentLines(shown, Date.now())))
    return exitCodes.ok
  }
  if (component === undefined) {
    const explained = await askJson<Explained>(socket, '/explained', asked)
    if (values.json) printJson(explained)
    else print(...processLines(explained))
    return exitCodes.ok
  }
  const explained = await askJson<ExplainedComponent>(socket, `/api/components/${inPath(component)}`, asked)
  if (values.json) printJson(explained)
  else print(...componentLines(explained, Date.now()))
  return exitCodes.ok
}

/** What only its own program knows of it is left out. @throws CliError */
function componentAt({ host, components }: HostExplained, name: string): ExplainedComponent {
  const component = components.find((each) => each.name === name)
  if (!component) throw new CliError(`host ${host.name} has no component "${name}"`, exitCodes.failed)
  const history = { times: [], values: [] }
  return { component, callers: [], lastErrors: [], history, marks: [], events: [], advice: [] }
}
