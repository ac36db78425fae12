import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import util from 'node:util'
import { WorkerFileError } from '../contract/errors.ts'

/** Of this build, and nothing else: the build writes it here. The sources are in no bundle. */
const build: string = 'sources'
/** All that is found by its place at run time, in one file (build/entries/spillway-worker.js). */
const copied = 'spillway-worker.cjs'
/** Bytes, at most, of the line that it begins with. */
const longestHeading = 100

/** What workers start with and run on: the package's own files, or one that was copied. */
export type PackageFiles =
  | { readonly kind: 'package'; readonly folder: string }
  | { readonly kind: 'copied'; readonly file: string }

/** Where this code runs from. `import.meta` is empty where a bundler makes CommonJS of it. */
const script = pathOf(util.getCallSites(1, { sourceMap: false })[0]?.scriptName ?? '')
/** The package's folder `dist`, or that of the sources; undefined where this code is in somebody's bundle. */
export const ownFolder = folderOf(script)
/** That of everything that is compiled. */
const ending = ownFolder === undefined ? '.js' : extname(script)

let found: PackageFiles | undefined

/**
 * Beside this code; else, from a bundle, in `node_modules` or next to the bundle, of the same build: asked each time, since a deployment may replace them while
 * the program runs.
 *
 * @throws WorkerFileError
 */
export function packageFiles(): PackageFiles {
  if (ownFolder !== undefined) return ofThisBuild(ownFolder)
  if (found === undefined || headingOf(markedFile(found)) !== build) found = lookAround()
  return found
}

/** Path of a file by which a thread or a process starts; one that was copied is all of them. */
export function startFile(path: `workers/${string}`): string {
  const files = packageFiles()
  return files.kind === 'copied' ? files.file : join(files.folder, path.replace(/\.ts$/, ending))
}

/** URL of a component's module of the package's own. */
export function ownModule(name: string): string {
  const files = packageFiles()
  if (files.kind === 'package') return pathToFileURL(startFile(`workers/${name}.ts`)).href
  const from = JSON.stringify(pathToFileURL(files.file).href)
  const code = `import modules from ${from}; export default modules[${JSON.stringify(name)}]`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

/** The folder of an installed package. */
export function packageFolder(name: string): string | undefined {
  return packageFolders(name)[0]
}

/** Path of what `require` makes of a package's name; undefined where it is not installed. */
export function resolvePackage(name: string): string | undefined {
  return fromPlaces((place) => nodeModule.createRequire(place).resolve(name))[0]
}

/** An installed package that no bundle is to include. @throws what Node throws where there is none. */
export async function importPackage(name: string): Promise<unknown> {
  const path = resolvePackage(name)
  return import(/* webpackIgnore: true */ path === undefined ? name : pathToFileURL(path).href)
}

function packageFolders(name: string): string[] {
  return fromPlaces((place) => nodeModule.findPackageJSON(name, pathToFileURL(place))).map((manifest) =>
    dirname(manifest),
  )
}

/** What is found from each place, each once. */
function fromPlaces(find: (place: string) => string | undefined): string[] {
  const all = places().flatMap((place) => {
    try {
      return find(place) ?? []
    } catch {
      // Not from there.
      return []
    }
  })
  return [...new Set(all)]
}

function folderOf(file: string): string | undefined {
  const folder = join(dirname(file), '..', '..')
  const isOurs = /[\\/]src[\\/]base[\\/]package-files\.[jt]s$/.test(file)
  return isOurs && existsSync(join(folder, 'workers', 'bootstrap.cjs')) ? folder : undefined
}

/** Whatever is there to be started is of the build that this file is of. */
function markedFile(files: PackageFiles): string {
  return files.kind === 'copied' ? files.file : join(files.folder, copied)
}

/** @throws WorkerFileError for a folder that has been replaced, or has gone: what would be started there does not fit what runs here. */
function ofThisBuild(folder: string): PackageFiles {
  const files: PackageFiles = { kind: 'package', folder }
  if (build === 'sources') return files
  const file = markedFile(files)
  const is = headingOf(file)
  if (is === build) return files
  const now = is === undefined ? 'gone' : `build ${is}`
  throw new WorkerFileError(
    `The installed spillway is ${now}, and this program runs build ${build}: restart it, and it fits`,
    [is === undefined ? file : `${file} (which is ${is})`],
  )
}

function lookAround(): PackageFiles {
  const looked: string[] = []
  const isOfThisBuild = (file: string): boolean => {
    const is = headingOf(file)
    looked.push(is === undefined ? file : `${file} (which is ${is})`)
    return is === build
  }
  for (const installed of packageFolders('spillway')) {
    if (isOfThisBuild(join(installed, 'dist', copied))) return { kind: 'package', folder: join(installed, 'dist') }
  }
  for (const place of new Set(places().map((file) => dirname(file)))) {
    const file = join(place, copied)
    if (isOfThisBuild(file)) return { kind: 'copied', file }
  }
  throw new WorkerFileError(
    `Spillway's workers start with a file of the package, of the same build as this code (${build}), and there is none: copy ` +
      `node_modules/spillway/dist/${copied} next to the bundle, each time it is made, or install spillway where it runs. One that was replaced while ` +
      'the program runs wants a restart of it',
    looked,
  )
}

/** What build a file says that it is of. */
function headingOf(file: string): string | undefined {
  const bytes = Buffer.alloc(longestHeading)
  try {
    const descriptor = openSync(file, 'r')
    try {
      const length = readSync(descriptor, bytes, 0, longestHeading, 0)
      return /^\/\/ spillway (\S+)/.exec(bytes.toString('latin1', 0, length))?.[1] ?? 'something else'
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}

/** Files from where packages and files are looked for: this code's, the program's, and one in the working directory. */
function places(): string[] {
  return [script, process.argv[1] ?? '', join(workingDirectory(), 'package.json')].filter((place) => place !== '')
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    // It was deleted.
    return dirname(process.execPath)
  }
}

function pathOf(scriptName: string): string {
  return scriptName.startsWith('file:') ? fileURLToPath(scriptName) : scriptName
}
