import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inject } from 'vitest'

export const run = promisify(execFile)
export const root = fileURLToPath(new URL('../../', import.meta.url))
export const tool = (name: string): string => join(root, 'node_modules/.bin', name)
export const nodes = {
  'Node 26': join(root, 'node_modules/node/bin/node'),
  'Node 24': join(root, 'node_modules/node-24/bin/node'),
}
export const silent = { ...process.env, SPILLWAY_LOG_LEVEL: 'silent' }

export interface PackedProject {
  /** A folder of its own, in which the package is installed. */
  readonly project: string
  readonly tarball: string
}

export async function packedProject(): Promise<PackedProject> {
  const project = await mkdtemp(join(tmpdir(), 'spillway-package-'))
  const tarball = inject('tarball')
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: project })
  return { project, tarball }
}

/** Of all files in a folder whose path is like that. */
export async function textsOf(folder: string, like: RegExp): Promise<string[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => like.test(path))
  return Promise.all(paths.map(async (path) => readFile(join(folder, path), 'utf8')))
}
