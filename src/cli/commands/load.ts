import { bytes, duration } from '../../dashboard/page/format.js'
import type { ComponentView } from '../../live/schemas.ts'
import { parseCommand, programWithComponent } from '../arguments.ts'
import { askJson, inPath } from '../control-client.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { print, printJson } from '../output.ts'
import { chooseProgram } from '../programs.ts'

/** ms. Guessed: beyond the load timeouts of a component and of what it depends on, 30 s each by default. */
const longestLoad = 600_000

export const loadUsage = `spillway load [pid] <component> [options]

Loads a component, what it depends on first. Without a pid: in the only program there is.

  --json     the component as JSON
  --help
`

/** @throws CliError */
export async function runLoad(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('load', args, {})
  if (values.help) {
    process.stdout.write(loadUsage)
    return exitCodes.ok
  }
  const { id, component: name } = programWithComponent('load', positionals)
  const { socket } = await chooseProgram(id)
  const { component } = await askJson<{ component: ComponentView }>(socket, `/components/${inPath(name)}/load`, {
    method: 'POST',
    patience: longestLoad,
  })
  if (values.json) printJson(component)
  else {
    const { generation, memory, lastLoadTime } = component
    print(
      `${name} is loaded: generation ${generation}, ${bytes(memory?.total)}, its last load took ${duration(lastLoadTime)}`,
    )
  }
  return exitCodes.ok
}
