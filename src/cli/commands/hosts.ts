import type { HostsView } from '../../control/routes.ts'
import { misused, parseCommand, programAndComponent } from '../arguments.ts'
import { askJson, usualPatience } from '../control-client.ts'
import { hostsLines } from '../explain/host-lines.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { print, printJson } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const hostsUsage = `spillway hosts [pid] [options]

The hosts of the cluster that a program has joined, as that program sees them: their pressure, the room that they have, and what they have loaded; and the last keys
that moved from one to another, and why. Without a pid: of the only program there is.

  --json     as JSON
  --help
`

/** @throws CliError */
export async function runHosts(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('hosts', args, {})
  if (values.help) {
    process.stdout.write(hostsUsage)
    return exitCodes.ok
  }
  const { id, component } = programAndComponent('hosts', positionals)
  if (component !== undefined) throw misused('hosts', `it takes a process, and was given "${component}"`)
  const { socket } = await chooseProgram(id)
  const cluster = await askJson<HostsView>(socket, '/hosts', { patience: usualPatience })
  if (values.json) printJson(cluster)
  else print(...hostsLines(cluster, Date.now()))
  return exitCodes.ok
}
