import { readFile } from 'node:fs/promises'
import nodeModule from 'node:module'
import { CliError, exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { endQuietly } from './output.ts'
import { printable } from './printable.ts'

interface Command {
  readonly summary: string
  readonly run: (args: readonly string[]) => Promise<ExitCode>
}

/** Loaded when they are asked for. */
const commands: Readonly<Record<string, Command>> = {
  ps: {
    summary: 'programs of this user, and what is wrong with them',
    run: async (args) => (await import('./commands/ps.ts')).runPs(args),
  },
  top: {
    summary: 'components of a running program, live',
    run: async (args) => (await import('./top/run-top.ts')).runTop(args),
  },
  explain: {
    summary: 'why a program, or a component, is as it is, and what would go next',
    run: async (args) => (await import('./commands/explain.ts')).runExplain(args),
  },
  hosts: {
    summary: 'hosts of the cluster that a program has joined, and which keys moved and why',
    run: async (args) => (await import('./commands/hosts.ts')).runHosts(args),
  },
  load: {
    summary: 'loads a component',
    run: async (args) => (await import('./commands/load.ts')).runLoad(args),
  },
  unload: {
    summary: 'unloads a component',
    run: async (args) => (await import('./commands/unload.ts')).runUnload(args),
  },
  snapshot: {
    summary: 'saves what is on the heap of a component',
    run: async (args) => (await import('./commands/snapshot.ts')).runSnapshot(args),
  },
  diff: {
    summary: 'what grew from one heap snapshot to the next, by constructor',
    run: async (args) => (await import('./commands/diff.ts')).runDiff(args),
  },
  profile: {
    summary: 'saves where a component spends its time',
    run: async (args) => (await import('./commands/profile.ts')).runProfile(args),
  },
  logs: {
    summary: 'the last lines of the log, and what comes',
    run: async (args) => (await import('./commands/logs.ts')).runLogs(args),
  },
}

const list = Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')

const usage = `spillway <command> [options]

Commands:
${list}

  spillway <command> --help    options of a command
  spillway --version

A program can be looked at where its coordinator was made with { control: true }, or where it runs with SPILLWAY_CONTROL=1.
Exit codes: 0 as wanted, 1 it could not be done, 2 the command makes no sense.
`

/** @returns the exit code. What went wrong is on standard error. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  endQuietly()
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
