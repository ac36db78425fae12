import type { ResourceLimits } from 'node:worker_threads'
import { realpathSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { packageFiles } from '../../base/package-files.ts'

/**
 * What is about this process's own start, not about how code runs: a child has a start of its own. What files of variables hold is in the environment
 * that a child gets, or is kept from it.
 */
const ownStart =
  /^--?(?:e|eval|p|print|pe|i|interactive|c|check|test.*|watch.*|inspect.*|debug.*|input-type.*|env-file.*)(?:=.*)?$/
/** Of these the value stands in the next argument. */
const withValue = /^--?(?:e|eval|p|print|pe|watch-path|test-.*|inspect-port|input-type|env-file(?:-if-exists)?)$/

/** This process's Node options, as far as they are a child's as well. */
export function inheritedFlags(execArgv: readonly string[]): string[] {
  return execArgv.filter((argument, at) => !ownStart.test(argument) && !withValue.test(execArgv[at - 1] ?? ''))
}

/**
 * V8's limits as options of a process. `codeRangeSizeMb` has none.
 */
export function limitFlags(limits: ResourceLimits = {}): string[] {
  const { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young, stackSizeMb: stack } = limits
  const flags: string[] = []
  if (old !== undefined) flags.push(`--max-old-space-size=${Math.ceil(old)}`)
  // The young generation is three semi-spaces (V8's Heap::YoungGenerationSizeFromSemiSpaceSize).
  if (young !== undefined) flags.push(`--max-semi-space-size=${Math.max(1, Math.ceil(young / 3))}`)
  if (stack !== undefined) flags.push(`--stack-size=${Math.floor(stack * 1024)}`)
  return flags
}

/**
 * With Node's permission model on, a component is denied the user's files and not those that it runs on: ours, those of comlink, and its module, also where
 * that is a link to another file.
 */
export function permissionFlags(flags: readonly string[], module: string | undefined): string[] {
  if (!flags.some((flag) => /^--(?:experimental-)?permission$/.test(flag))) return []
  const files = [...ownFiles(), ...(module?.startsWith('file:') === true ? pathsOf(module) : [])]
  return files.map((file) => `--allow-fs-read=${file}`)
}

function ownFiles(): string[] {
  const files = packageFiles()
  if (files.kind === 'copied') return [files.file]
  // What is imported by the package's name is looked up in its manifest, which is beside the sources, or above the installed package's folder `dist`.
  const manifest = nodeModule.findPackageJSON('.', pathToFileURL(join(files.folder, 'workers', 'any.js')))
  if (manifest === undefined) throw new Error(`${files.folder} is in no package`)
  const comlink = nodeModule.createRequire(manifest).resolve('comlink')
  return [files.folder, manifest, dirname(dirname(dirname(comlink)))]
}

function pathsOf(module: string): string[] {
  const path = fileURLToPath(module)
  try {
    return [...new Set([path, realpathSync(path)])]
  } catch {
    // That it does not exist is said when it is loaded.
    return [path]
  }
}
