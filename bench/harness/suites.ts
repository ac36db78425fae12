import { readdir } from 'node:fs/promises'
import type { Suite } from './suite.ts'

const folder = new URL('../suites/', import.meta.url)

/** Every file of bench/suites is one; what several of them use is elsewhere. */
export async function suiteNames(): Promise<string[]> {
  return (await readdir(folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .toSorted()
}

export const moduleOf = (name: string): URL => new URL(`${name}.ts`, folder)

export async function importSuite(module: URL): Promise<Suite> {
  const { default: suite } = (await import(module.href)) as { default: Suite }
  return suite
}
