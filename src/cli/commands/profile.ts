import { numberBetween, parseCommand, programWithComponent } from '../arguments.ts'
import { ask, inPath } from '../control-client.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { checkDestination, saveAndTell } from '../inspection.ts'
import { note } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const profileUsage = `spillway profile [pid] <component> [options]

Saves where a component that is loaded spends its time during the next seconds: for Chrome's developer tools. It goes on answering calls meanwhile. Without a
pid: in the only program there is.

  --seconds <s>   how long it is looked at, 5
  --out <path>    the file, or the folder for it; else the working directory
  --force         replaces a file that is there
  --json          { file, size } as JSON
  --help
`

/** @throws CliError */
export async function runProfile(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('profile', args, {
    seconds: { type: 'string', default: '5' },
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  })
  if (values.help) {
    process.stdout.write(profileUsage)
    return exitCodes.ok
  }
  const { id, component } = programWithComponent('profile', positionals)
  const seconds = numberBetween('profile', 'seconds', values.seconds, 0.1, 600)
  checkDestination(values)
  const { socket } = await chooseProgram(id)
  note(`${component} is looked at for ${seconds} s ...`)
  const answer = await ask(socket, `/components/${inPath(component)}/cpu-profile`, {
    method: 'POST',
    body: { duration: seconds * 1_000 },
  })
  await saveAndTell(answer, component, 'cpuprofile', values, "for the Performance tab of Chrome's developer tools")
  return exitCodes.ok
}
