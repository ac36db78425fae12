import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** A file that is read once and then gone. */
export interface InspectionFile {
  readonly size: number
  readonly stream: Readable
}

/**
 * Has a file written into a folder that only this user can read, and opens it. It is deleted when the stream is closed, read to its end or not, and
 * when it could not be written.
 */
export async function writeAndOpen(write: (path: string) => Promise<void>): Promise<InspectionFile> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-'))
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
    throw error
  }
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
