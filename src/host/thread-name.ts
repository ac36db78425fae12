import { writeFileSync } from 'node:fs'

/** Linux shows a thread's name in top, ps and debuggers; the 15 characters are the kernel's limit. */
export function nameThread(name: string): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/thread-self/comm', name.slice(-15))
  } catch {
    // A name is a convenience: without /proc there is none.
  }
}
