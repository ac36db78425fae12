import { writeFile } from 'node:fs/promises'
import { sleep } from '../base/timers.ts'

/** What a worker may be asked to write about itself. */
export type Inspection =
  /** Everything on the heap, as Chrome's developer tools read it. The worker stands still while it is written. */
  | { readonly what: 'heap-snapshot'; readonly file: string }
  /** Where it spends its time during the next `duration` ms. */
  | { readonly what: 'cpu-profile'; readonly file: string; readonly duration: number }

/**
 * Writes the file from inside the thread. Asked for from outside, a snapshot of a worker that is just ending crashes the process; this way the
 * end waits for it.
 */
export async function inspect(inspection: Inspection): Promise<void> {
  if (inspection.what === 'heap-snapshot') {
    const { writeHeapSnapshot } = await import('node:v8')
    writeHeapSnapshot(inspection.file)
    return
  }
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.start')
    await sleep(inspection.duration)
    const { profile } = await session.post('Profiler.stop')
    await writeFile(inspection.file, JSON.stringify(profile), { mode: 0o600 })
  } finally {
    session.disconnect()
  }
}
