import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { messageOf } from '../contract/describe-value.ts'
import { CliError, exitCodes } from './exit-codes.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O & typeof always; allowPositionals: true; args: string[] }>
>

/** Of every command. */
const always = {
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
} as const

/** @throws CliError for options that the command does not have. */
export function parseCommand<const O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { ...options, ...always } })
  } catch (error) {
    // Those of node:util are of several lines.
    throw misused(command, messageOf(error).replaceAll(/\s*\n\s*/g, ' '))
  }
}

/** The command was given in a way that means nothing. */
export function misused(command: string, problem: string): CliError {
  return new CliError(`${command}: ${problem} (spillway ${command} --help)`, exitCodes.usage)
}

/** A program as it is given: its process, and which of its coordinators where it has several. */
export interface ProgramId {
  readonly pid: number
  readonly number: number | undefined
}

/** `1234`, or `1234-2`; undefined is what is none, and so a component. */
export function programId(text: string): ProgramId | undefined {
  const [, pid, number] = /^(\d{1,10})(?:-(\d{1,4}))?$/.exec(text) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), number: number === undefined ? undefined : Number(number) }
}

/**
 * `[pid] [component]`: what looks like a process is one; a component that is called like one is given after its process.
 *
 * @throws CliError for more than those two.
 */
export function programAndComponent(
  command: string,
  positionals: readonly string[],
): { readonly id: ProgramId | undefined; readonly component: string | undefined } {
  const id = programId(positionals[0] ?? '')
  const [component, ...more] = id ? positionals.slice(1) : positionals
  if (more.length > 0)
    throw misused(command, `it takes a process and a component, and was given ${positionals.length} names`)
  return { id, component }
}

/** The same where there has to be a component. @throws CliError */
export function programWithComponent(
  command: string,
  positionals: readonly string[],
): { readonly id: ProgramId | undefined; readonly component: string } {
  const { id, component } = programAndComponent(command, positionals)
  if (component === undefined) throw misused(command, 'it needs the name of a component')
  return { id, component }
}

/** @throws CliError */
export function numberBetween(command: string, option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw misused(command, `--${option} is a number from ${least} to ${most}, not "${text}"`)
}
