import { readFile } from 'node:fs/promises'
import nodeModule from 'node:module'
import { CliError, exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { printable } from './printable.ts'

interface Command {
  readonly summary: string
  readonly run: (args: readonly string[]) => Promise<ExitCode>
}

/** Loaded when they are asked for. */
const commands: Readonly<Record<string, Command>> = {
  top: {
    summary: 'components of a running program, live, from the URL of its dashboard',
    run: async (args) => (await import('./top/run-top.ts')).runTop(args),
  },
}

const list = Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`)
  .join('\n')

const usage = `spillway <command> [options]

Commands:
${list}

  spillway <command> --help    options of a command
  spillway --version
`

/** @returns the exit code. What went wrong is on standard error. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    process.stderr.write(`spillway: ${printable(error.message)}\n`)
    return error.exitCode
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined) {
    process.stderr.write(usage)
    return exitCodes.usage
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage)
    return exitCodes.ok
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${await version()}\n`)
    return exitCodes.ok
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    const known = Object.keys(commands).join(', ')
    const what = name.startsWith('-') ? 'option' : 'command'
    throw new CliError(`there is no ${what} "${name}"; commands: ${known} (spillway --help)`, exitCodes.usage)
  }
  return command.run(rest)
}

async function version(): Promise<string> {
  const manifest = nodeModule.findPackageJSON(import.meta.url)
  if (manifest === undefined) throw new CliError('its package.json is missing', exitCodes.failed)
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version
}
