import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian has it in /usr/sbin, which is not on everybody's PATH. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/usr/local/bin']

/** The path of nats-server; undefined where it is not installed. */
export const natsProgram = executable(folders.map((folder) => join(folder, 'nats-server')))

/** What tells whoever has no nats-server what was left out. */
export const notChecked =
  'NOT CHECKED: everything that takes a nats-server (more than one machine), as there is none on PATH: sudo apt-get update && sudo apt-get install -y nats-server'

/** What ends a process with the thread that started it, however that ends. util-linux has it. */
export const endsWithParent = executable(['/usr/bin/setpriv'])

function executable(paths: readonly string[]): string | undefined {
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
