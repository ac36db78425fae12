import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import build from '../support/build.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the package as it is published. */
    readonly tarball: string
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Packs the package as it is built: once for all files that try it, as there is one `dist`. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await build()
  const folder = await mkdtemp(join(tmpdir(), 'spillway-packed-'))
  await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [packed] = await readdir(folder)
  provide('tarball', join(folder, packed ?? 'no tarball'))
  return async () => rm(folder, { recursive: true, force: true })
}
