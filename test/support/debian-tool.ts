import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** ms that an installation may take. */
export const installDeadline = 300_000

/**
 * The path of a program that comes with a Debian package; installs the package where that can be done.
 *
 * @throws Error with the command that would install it.
 */
export async function debianTool(program: string, packageName: string): Promise<string> {
  const path = `/usr/bin/${program}`
  if (await isExecutable(path)) return path
  if (process.getuid?.() === 0 && (await isExecutable('/usr/bin/apt-get'))) {
    const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: installDeadline }
    await run('apt-get', ['update'], environment)
    await run('apt-get', ['install', '-y', '--no-install-recommends', packageName], environment)
    if (await isExecutable(path)) return path
  }
  throw new Error(`This test needs ${path}: sudo apt-get update && sudo apt-get install -y ${packageName}`)
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
