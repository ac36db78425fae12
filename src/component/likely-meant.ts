import { readFileSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

/** Of what Node runs as it is. */
export const moduleEndings: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
const endings: readonly string[] = [...moduleEndings, '.tsx', '.jsx']

export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?$/.test(path)
}

/** Files that whoever asked for this one may have meant: with another ending, or, of a directory, what is its index. */
export function filesOfThatName(path: string): string[] {
  const ending = extname(path)
  const stem = endings.includes(ending) ? path.slice(0, -ending.length) : path
  return [stem, join(path, 'index')].flatMap((name) => endings.map((each) => name + each)).filter(isFile)
}

/** A name that no package has, or one of the `paths` of the nearest tsconfig.json, which is not read as JSON: it may have comments. */
export function isAlias(name: string, importer: string): boolean {
  if (/^(?:@\/|~)/.test(name)) return true
  const settings = nearestTsconfig(dirname(importer))
  const keys = [name, `${name}/*`, `${name.split('/', 1)[0]}/*`]
  return settings.includes('"paths"') && keys.some((key) => settings.includes(`"${key}"`))
}

function nearestTsconfig(folder: string): string {
  try {
    return readFileSync(join(folder, 'tsconfig.json'), 'utf8')
  } catch {
    // None there, or it may not be read.
    return dirname(folder) === folder ? '' : nearestTsconfig(dirname(folder))
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
