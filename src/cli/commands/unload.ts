import type { UnloadReport } from '../../contract/unload-report.ts'
import { bytes, duration } from '../../dashboard/page/format.js'
import { numberBetween, parseCommand, programWithComponent } from '../arguments.ts'
import { askJson, inPath } from '../control-client.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { print, printJson } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const unloadUsage = `spillway unload [pid] <component> [options]

Unloads a component: its calls under way are given time, and reject then; the next call loads it again. Without a pid: in the only program there is.

  --deadline <s>   seconds that calls under way are given, 5
  --json           the report as JSON
  --help
`

/** @throws CliError */
export async function runUnload(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('unload', args, { deadline: { type: 'string', default: '5' } })
  if (values.help) {
    process.stdout.write(unloadUsage)
    return exitCodes.ok
  }
  const { id, component } = programWithComponent('unload', positionals)
  const deadline = 1_000 * numberBetween('unload', 'deadline', values.deadline, 0, 2_000_000)
  const { socket } = await chooseProgram(id)
  const { report } = await askJson<{ report: UnloadReport }>(socket, `/components/${inPath(component)}/unload`, {
    method: 'POST',
    body: { deadline },
  })
  if (values.json) printJson(report)
  else {
    const { generation, predicted, released, retained, times, zombie } = report
    const took = times.drain + times.dispose + times.terminate
    const follows = retained > 0 ? `, ${bytes(retained)} to follow` : ''
    print(
      `${component} is unloaded: generation ${generation} held ${bytes(predicted)}, the resident set fell by ${bytes(released)}${follows}, in ${duration(took)}`,
      ...(zombie ? ['its worker did not die by its deadline, and still counts'] : []),
    )
  }
  return exitCodes.ok
}
