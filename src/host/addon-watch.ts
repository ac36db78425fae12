import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Reports each native addon once it is loaded, by the package it is of (`name@version`), or by its path where it is of none. However it is asked for, it is loaded by
 * `process.dlopen`; one that cannot be loaded is none, as packages try the builds for several platforms.
 *
 * @param check called before one is loaded; may throw to refuse it.
 */
export function watchAddonLoads(report: (addon: string) => void, check: (addon: string) => void = () => {}): void {
  const load = process.dlopen.bind(process)
  const known = new Set<string>()
  process.dlopen = (...args: Parameters<typeof load>): void => {
    const file = args[1]
    if (known.has(file)) {
      load(...args)
      return
    }
    const addon = packageOf(file) ?? file
    check(addon)
    load(...args)
    known.add(file)
    report(addon)
  }
}

/** As the nearest package.json that has a name says; those without only say what kind of modules are in a folder. */
function packageOf(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const { name, version } = read(join(folder, 'package.json'))
    if (typeof name === 'string' && name !== '') return typeof version === 'string' ? `${name}@${version}` : name
    if (folder === dirname(folder)) return undefined
  }
}

function read(file: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as object | null) ?? {}
  } catch {
    // None here, or nothing that can be read.
    return {}
  }
}
