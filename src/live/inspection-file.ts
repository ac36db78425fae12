import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { HttpError } from './http-error.ts'
import type { Observed } from './observed.ts'

/** A file that is read once and then gone. */
export interface InspectionFile {
  readonly size: number
  readonly stream: Readable
}

/**
 * Has a file written into a folder that only this user can read, and opens it. It is deleted when the stream is closed, read to its end or not, and
 * when it could not be written.
 *
 * @throws HttpError 507 when the disk is full.
 */
export async function writeAndOpen(write: (path: string) => Promise<void>): Promise<InspectionFile> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-')).catch(fail)
  const remove = async (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'inspection')
    await write(path)
    const { size } = await stat(path)
    const stream = createReadStream(path)
    stream.once('close', () => void remove().catch(() => {}))
    return { size, stream }
  } catch (error) {
    await remove()
    return fail(error)
  }
}

/** Without the system's message, which names a folder of this machine. */
function fail(error: unknown): never {
  if (!isDiskFull(error)) throw error
  throw new HttpError(
    507,
    'NO_SPACE',
    'The disk for temporary files of the program is full: the file could not be written',
  )
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) || isDiskFull(error.cause)
}

/** Whoever wants to look into what is there does not want something else to be loaded for it. @throws HttpError 409 when it is not loaded. */
export function loadedGeneration(coordinator: Pick<Observed, 'info'>, name: string): number {
  const { state, generation } = coordinator.info(name)
  if (state === 'ready') return generation
  throw new HttpError(409, 'NOT_LOADED', `"${name}" is ${state}: there is nothing to look into`)
}

/**
 * What such a file is called where it is kept: `orders-g3-20260131T102233Z.heapsnapshot`, which sorts by generation and time.
 *
 * @param time epoch ms.
 */
export function inspectionName(component: string, generation: number, time: number, extension: string): string {
  const name = component.replaceAll(/[^\w.-]+/g, '_')
  const stamp = new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${name}-g${generation}-${stamp}.${extension}`
}
