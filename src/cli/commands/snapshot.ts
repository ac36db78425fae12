import { parseCommand, programWithComponent } from '../arguments.ts'
import { ask, inPath } from '../control-client.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { checkDestination, saveAndTell } from '../inspection.ts'
import { note } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const snapshotUsage = `spillway snapshot [pid] <component> [options]

Saves everything on the heap of a component that is loaded, secrets included: for Chrome's developer tools, and for spillway diff. The component answers no
calls meanwhile. The file is named by component, generation and time, and only you can read it. Without a pid: in the only program there is.

  --out <path>   the file, or the folder for it; else the working directory
  --force        replaces a file that is there
  --json         { file, size } as JSON
  --help
`

/** @throws CliError */
export async function runSnapshot(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('snapshot', args, {
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  })
  if (values.help) {
    process.stdout.write(snapshotUsage)
    return exitCodes.ok
  }
  const { id, component } = programWithComponent('snapshot', positionals)
  checkDestination(values)
  const { socket } = await chooseProgram(id)
  note(`${component} writes down its heap, and answers no calls meanwhile ...`)
  const answer = await ask(socket, `/components/${inPath(component)}/heap-snapshot`, { method: 'POST' })
  await saveAndTell(
    answer,
    component,
    'heapsnapshot',
    values,
    "for the Memory tab of Chrome's developer tools, or spillway diff with one of later",
  )
  return exitCodes.ok
}
