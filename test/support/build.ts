import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Written last. */
const last = 'dist/spillway-worker.cjs'

/** Builds what workers and processes run (built-code.mjs), unless that is newer than all it is made of. */
export default async function setup(): Promise<void> {
  const built = statSync(join(root, last), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const isNewer = (file: string): boolean => statSync(file).mtimeMs > built
  const sources = ['src', 'workers', 'build'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(root, folder, file)),
  )
  if (!sources.some(isNewer)) return
  await promisify(execFile)('npm', ['run', 'build'], { cwd: root })
}
