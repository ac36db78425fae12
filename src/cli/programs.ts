import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../contract/describe-value.ts'
import type { ProgramView } from '../control/routes.ts'
import { folderState, runtimeFolders } from '../control/runtime-folder.ts'
import { isListening, readSocketName, removeFile } from '../control/socket-file.ts'
import type { SocketName } from '../control/socket-file.ts'
import type { ProgramId } from './arguments.ts'
import { askJson, usualPatience } from './control-client.ts'
import { CliError, exitCodes } from './exit-codes.ts'
import { printable } from './printable.ts'

/** A coordinator of a running program of this user's. */
export interface Program extends SocketName {
  readonly socket: string
  /** How it is given to commands: its process, with a number where that has several. */
  readonly id: string
}

export const howToSwitchOn =
  'a program is found once its coordinator was made with `new ComponentCoordinator({ control: true })`, or where it runs with SPILLWAY_CONTROL=1'

/**
 * All that run, by their processes; what dead ones have left behind is removed.
 *
 * @returns with what could not be looked at, and why.
 */
export async function findPrograms(): Promise<{
  readonly programs: readonly Program[]
  readonly problems: readonly string[]
}> {
  const problems: string[] = []
  const found: Omit<Program, 'id'>[] = []
  for (const folder of runtimeFolders()) {
    const state = folderState(folder)
    // What is somebody else's tells nothing about programs of this user.
    if (state.status === 'unsound') problems.push(`${folder} ${state.problem}: nothing in it is looked at`)
    if (state.status !== 'sound') continue
    for (const file of readdirSync(folder)) {
      const name = readSocketName(file)
      if (name) found.push({ ...name, socket: join(folder, file) })
    }
  }
  const answers = await Promise.all(found.map(async ({ socket }) => isListening(socket)))
  const running = found.filter(({ socket, pid }, at) => {
    if (answers[at] !== true && !isThere(pid)) removeFile(socket)
    return answers[at] === true
  })
  const several = (pid: number): boolean => running.filter((each) => each.pid === pid).length > 1
  const programs = running
    .toSorted((a, b) => a.pid - b.pid || a.number - b.number)
    .map((each) => ({ ...each, id: several(each.pid) ? `${each.pid}-${each.number}` : String(each.pid) }))
  return { programs, problems }
}

/**
 * The one that is meant; without an id the only one there is.
 *
 * @throws CliError that lists those there are, and where it does not answer.
 */
export async function chooseProgram(id: ProgramId | undefined): Promise<Program> {
  const { programs, problems } = await findPrograms()
  const hint = problems.length > 0 ? `; ${problems.join('; ')}` : ''
  const meant = programs.filter(
    ({ pid, number }) => !id || (pid === id.pid && (id.number === undefined || number === id.number)),
  )
  const [only, ...others] = meant
  if (only && others.length === 0) {
    // Before anything is asked that may take its time.
    await viewOf(only)
    return only
  }
  const described = async (all: readonly Program[]): Promise<string> =>
    (await Promise.all(all.map(describe))).join(', ')
  if (only && id) throw failed(`process ${id.pid} has ${meant.length} coordinators: ${await described(meant)}`)
  if (only) throw failed(`there are ${meant.length} programs: ${await described(meant)}; say which`)
  if (programs.length === 0) throw failed(`no program was found: ${howToSwitchOn}${hint}`)
  const text = id ? `${id.pid}${id.number === undefined ? '' : `-${id.number}`}` : ''
  throw failed(`there is no program ${text}; those there are: ${await described(programs)}${hint}`)
}

export async function viewOf(program: Program): Promise<ProgramView> {
  const view = await askJson<ProgramView>(program.socket, '/program', { patience: usualPatience })
  if (view.protocol !== 1) throw failed(`process ${program.id} runs another version of Spillway: use its own command`)
  return view
}

/** What somebody knows a program by. */
export function commandOf({ title, command }: Pick<ProgramView, 'title' | 'command'>): string {
  return title !== 'node' && !title.includes('/') ? title : command.join(' ')
}

async function describe(program: Program): Promise<string> {
  try {
    return `${program.id} (${printable(commandOf(await viewOf(program))).slice(0, 60)})`
  } catch (error) {
    return `${program.id} (${printable(messageOf(error))})`
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const failed = (message: string): CliError => new CliError(message, exitCodes.failed)
