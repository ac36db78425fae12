import type { IncomingMessage } from 'node:http'
import type { LogLine } from '../../control/log-line.ts'
import type { AskedAlive, MissedLines } from '../../control/log-stream.ts'
import { clock } from '../../dashboard/page/format.js'
import { misused, parseCommand, programAndComponent } from '../arguments.ts'
import { answerAlive, ask, usualPatience } from '../control-client.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { note, print, safeJson } from '../output.ts'
import { chooseProgram } from '../programs.ts'

export const logsUsage = `spillway logs [pid] [component] [options]

The last lines of the log, of a component or of all, as the program's logger redacts them: what components log as far as the logger's level goes, what Spillway
says from info on in any case. A thousand are kept, while the program can be looked at. Without a pid: of the only program there is.

  --follow          goes on with what comes, until Ctrl-C or the end of the program
  --level <level>   those of that level and above: trace, debug, info, warn, error, fatal
  --json            each line as JSON
  --help
`

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** @throws CliError */
export async function runLogs(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('logs', args, {
    follow: { type: 'boolean', short: 'f', default: false },
    level: { type: 'string', default: 'trace' },
  })
  if (values.help) {
    process.stdout.write(logsUsage)
    return exitCodes.ok
  }
  const { id, component } = programAndComponent('logs', positionals)
  if (!levels.includes(values.level))
    throw misused('logs', `--level is one of ${levels.join(', ')}, not "${values.level}"`)
  const program = await chooseProgram(id)
  const query = new URLSearchParams({
    level: values.level,
    ...(component !== undefined && { component }),
  })
  const answer = await ask(program.socket, `${values.follow ? '/logs/follow' : '/logs'}?${query.toString()}`, {
    patience: usualPatience,
  })
  for await (const line of linesOf(answer)) {
    const told = JSON.parse(line) as LogLine | MissedLines | AskedAlive
    if ('alive' in told) answerAlive(program.socket, told.alive)
    else if (values.json) process.stdout.write(`${safeJson(told)}\n`)
    else if ('missed' in told) print(`… ${told.missed} lines were left out: they came faster than they were read`)
    else print(words(told))
  }
  if (values.follow) note(`process ${program.id} has ended`)
  return exitCodes.ok
}

/** What cuts it off is the end of the program. */
async function* linesOf(answer: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let rest = ''
  try {
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch {
    // With a line that was begun.
  }
}

function words({ time, level, component, message, fields }: LogLine): string {
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [
    clock(time),
    level.toUpperCase().padEnd(5),
    ...(component === null ? [] : [`[${component}]`]),
    message,
    ...rest,
  ].join(' ')
}
