/**
 * Makes a few files of the modules that tsc has compiled: of what runs in every worker (`core.cjs`), of what processes need besides (`process.cjs`), and of
 * what `spillway` itself needs besides (`main.js`). And one file of all that is found by its place at run time, to be copied next to a bundle. Each of those modules becomes one that takes its exports from there, so that none of them exists twice in
 * a thread, whoever imports it. Why: docs/decisions/few-files.md
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import type { InputOptions, OutputOptions, Plugin } from 'rolldown'
import { replaceExpressions } from './replace-expressions.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const dist = join(root, 'dist')
const runtime = join(dist, 'src/runtime')

interface Part {
  readonly name: string
  /** A script runs by what it is given (entries/load.cjs). */
  readonly format: 'script' | 'module'
  /** They are in it, and all that is evaluated when they are. */
  readonly modules: readonly string[]
  /** What workers begin with, of the first one. */
  readonly start?: string
  /** They are not in it, nor is what is evaluated when they are: others need them, without the rest. */
  readonly apart?: readonly string[]
}
/** What is in one of them is not in a later one again. What a module imports when it is needed is in none, and stays as it is. */
const parts: readonly Part[] = [
  {
    name: 'core',
    format: 'script',
    modules: ['src/host/thread-worker.js', 'src/worker.js', 'src/transport/frames/portable.js'],
    start: 'serveThread',
  },
  { name: 'process', format: 'script', modules: ['src/host/process/process-worker.js'], start: 'serveProcess' },
  {
    name: 'main',
    format: 'module',
    modules: ['src/index.js'],
    apart: ['src/dashboard/index.js', 'src/metrics/index.js', 'src/host/module-url.js'],
  },
]

/** What is found by its place and is in no part: modules that workers import when they need them, and the services'. */
const more = {
  inspect: 'src/host/inspect.js',
  moduleUrl: 'src/host/module-url.js',
  stateSnapshot: 'src/host/state-snapshot.js',
  connectionPool: 'workers/connection-pool.js',
  exchangeConnector: 'workers/exchange-connector.js',
  historicalData: 'workers/historical-data.js',
  orderService: 'workers/order-service.js',
}

/** A module that is in a part: by this number its exports have names of their own there. */
interface Placed {
  readonly part: Part
  readonly number: number
  readonly names: readonly string[]
}
const placed = new Map<string, Placed>()

/** Entries begin with it, whatever part they are in. */
const begin = join(dist, 'src/base/supported-node.js')

const packages = /^[@a-z]/
/** What is copied has no packages beside it; those that are optional are taken from where they are. */
const notInCopied = /^(?!lru-cache$)[@a-z]/
const common: InputOptions = { platform: 'node', external: packages, treeshake: false }

mkdirSync(runtime)
copyFileSync(join(root, 'build/entries/load.cjs'), join(runtime, 'load.cjs'))
// What has been compiled tells only the script that has had it compiled.
writeFileSync(join(dist, 'src/host/compiled-core.js'), "export { compiledCore } from '../runtime/core.js';\n")
for (const part of parts) await bundle(part)
await standAlone('workers/pool-drain.js')
for (const [file, module] of placed) {
  const imported = `import '${importable(dirname(file), begin)}';\n`
  const isEntry = readFileSync(file, 'utf8').includes(imported)
  writeFileSync(file, `${isEntry ? imported : ''}${leftOf(module, dirname(file))}`)
}
const id = buildId()
for (const file of ['src/runtime/load.cjs', 'src/base/package-files.js']) identify(join(dist, file), id)
await copied(id)
for (const name of ['bootstrap', 'process-bootstrap']) {
  copyFileSync(join(root, `build/entries/${name}.cjs`), join(dist, `workers/${name}.cjs`))
}

async function bundle(part: Part): Promise<void> {
  const { name, format, modules, start, apart = [] } = part
  const elsewhere = new Map(placed)
  const left = new Set((await needed(apart)).filter((file) => !placed.has(file)))
  const own = (await needed(modules)).filter((file) => !placed.has(file) && !left.has(file))
  for (const [number, file] of own.entries()) placed.set(file, { part, number, names: await exportsOf(file) })
  const exports = own.map((file, number) => {
    const names = placed.get(file)?.names.map((each) => `${each} as ${each}$${number}`) ?? []
    return `export { ${names.join(', ')} } from ${JSON.stringify(file)};`
  })
  if (start) exports.push(`export { ${start} } from ${JSON.stringify(own[0])};`)
  const inOthers =
    format === 'script'
      ? scriptsOf(elsewhere)
      : (file: string) => {
          const module = elsewhere.get(file)
          return module && leftOf(module, runtime)
        }
  const code = await build(format, exports.join('\n'), left, inOthers)
  // Renamed for the sake of another one of the same name, it would go by that in errors.
  const renamed = /\bclass \w+\$\d+\b|\b\w+\$\d+ = class\b/.exec(code)
  if (renamed) throw new Error(`${name}: two classes are called alike: there is a ${renamed[0]}`)
  if (format === 'module') return writeFileSync(join(runtime, `${name}.js`), code)
  const text = ascii(code)
  writeFileSync(join(runtime, `${name}.cjs`), text)
  // For bundlers, which take it along as it is.
  writeFileSync(join(runtime, `${name}.text.cjs`), `module.exports = ${JSON.stringify(text)};\n`)
  writeFileSync(
    join(runtime, `${name}.js`),
    `import * as comlink from 'comlink';\nimport load from './load.cjs';\nexport const ${name} = load.${name}(comlink, Function);\n${start === 'serveThread' ? 'export const { compiledCore } = load;\n' : ''}`,
  )
}

/** Files of the same build fit together. */
function buildId(): string {
  const hash = createHash('sha256')
  for (const file of ['core.cjs', 'process.cjs', 'main.js']) hash.update(readFileSync(join(runtime, file)))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return `${version}-${hash.digest('hex').slice(0, 8)}`
}

function identify(file: string, id: string): void {
  const code = readFileSync(file, 'utf8')
  const identified = code.replace(/const build = 'sources'/, `const build = '${id}'`)
  if (identified === code) throw new Error(`${file} does not say of which build it is`)
  writeFileSync(file, identified)
}

/** All that is found by its place, in one file. What of it has not become part of a script yet is one more, only there. */
async function copied(id: string): Promise<void> {
  const names = Object.entries(more).map(
    ([name, file]) => `export * as ${name} from ${JSON.stringify(join(dist, file))};`,
  )
  const text = ascii(await build('script', names.join('\n'), new Set(), scriptsOf(placed), notInCopied))
  const texts: Plugin = {
    name: 'more',
    resolveId: (id) => (id.endsWith('/more.text.cjs') ? '\0more' : undefined),
    load: (id) => (id === '\0more' ? `export default ${JSON.stringify(text)}` : undefined),
  }
  const made = await rolldown({
    platform: 'node',
    plugins: [texts],
    input: join(root, 'build/entries/spillway-worker.js'),
  })
  const { output } = await made.generate({
    format: 'cjs',
    exports: 'default',
    codeSplitting: false,
    comments: false,
    banner: `// spillway ${id}\n// To be copied next to a bundle: docs/recipes/bundling.md\n// With comlink (Copyright Google LLC, https://www.apache.org/licenses/LICENSE-2.0) and lru-cache (https://blueoakcouncil.org/license/1.0.0).`,
    footer: 'if (require.main === module) module.exports.start();',
  })
  writeFileSync(join(dist, 'spillway-worker.cjs'), output[0].code)
}

/** What stands for modules of other parts in a script. */
function scriptsOf(modules: ReadonlyMap<string, Placed>): (file: string) => string | undefined {
  return (file) => {
    const module = modules.get(file)
    return module && exportsFrom(module, `spillway:${module.part.name}`)
  }
}

/** What is left of a module that is in a part. @param folder where it is to be */
function leftOf(module: Placed, folder: string): string {
  const { part, number, names } = module
  const from = importable(folder, join(runtime, `${part.name}.js`))
  if (part.format === 'module') return exportsFrom(module, from)
  // As a module, a script has one export.
  const lines = names.map((each) => `export const ${each} = ${part.name}.${each}$${number};\n`)
  return `import { ${part.name} } from '${from}';\n${lines.join('')}`
}

function exportsFrom({ number, names }: Placed, from: string): string {
  return `export { ${names.map((each) => `${each}$${number} as ${each}`).join(', ')} } from '${from}';\n`
}

/** A helper thread is no component: it gets what it needs of the modules, and not the file that all workers have in common. Before these become parts of that. */
async function standAlone(file: string): Promise<void> {
  const made = await rolldown({ ...common, treeshake: true, input: join(dist, file) })
  const { output } = await made.generate({ format: 'esm' })
  writeFileSync(join(dist, file), output[0].code)
}

/** @param left modules that stay where they are. @param inOthers what stands for a module that is in another part. */
async function build(
  format: Part['format'],
  entry: string,
  left: ReadonlySet<string>,
  inOthers: (file: string) => string | undefined,
  external: RegExp = packages,
): Promise<string> {
  const parts: Plugin = {
    name: 'parts',
    resolveId: (id, importer, { kind }) => {
      if (id === '\0entry') return id
      if (!importer || !id.startsWith('.')) return undefined
      // Of a part's own file, which stands for a module that is in it.
      if (id.startsWith('./') && inOthers(importer)) return { id, external: true }
      const file = join(dirname(importer), id)
      if (file === begin) return '\0nothing'
      if (kind !== 'dynamic-import' && !left.has(file) && dirname(file) !== runtime) return undefined
      return { id: importable(runtime, file), external: true }
    },
    load: (id) => (id === '\0entry' ? entry : id === '\0nothing' ? '' : inOthers(id)),
    transform: (code, id) => (id.startsWith(dist) ? inPlace(code, id, format) : undefined),
  }
  const made = await rolldown({ ...common, external, input: '\0entry', plugins: [parts] })
  const output: OutputOptions = { comments: false, codeSplitting: false }
  if (format === 'module') return (await made.generate({ ...output, format: 'esm' })).output[0].code
  const script = await made.generate({ ...output, format: 'cjs', esModule: false })
  const { code } = script.output[0]
  // A script is given what it requires.
  const strange = [...code.matchAll(/\brequire\("([^"]+)"\)/g)].find(
    ([, id = '']) => !/^(?:node:|spillway:|comlink$)/.test(id),
  )
  if (strange) throw new Error(`a script cannot have ${strange[0]}`)
  return replaceExpressions(code, { call: 'importModule' })
}

/** What a module finds by where it is, it goes on to find. A script is told nothing of where it is: it finds out that there is none. */
function inPlace(code: string, file: string, format: Part['format']): string {
  return replaceExpressions(code, {
    meta: (property) => {
      if (property === 'resolve') return format === 'script' ? 'undefined' : undefined
      if (property === 'url' && format === 'module')
        return `new URL('${importable(runtime, file)}', import.meta.url).href`
      throw new Error(`${relative(dist, file)}: import.meta.${property} would be that of another file`)
    },
  })
}

/** The modules that are evaluated when these are. */
async function needed(modules: readonly string[]): Promise<string[]> {
  if (modules.length === 0) return []
  const entries = modules.map((file) => join(dist, file))
  const all = new Set(entries)
  const imports = new Map<string, readonly string[]>()
  const look: Plugin = {
    name: 'look',
    resolveId: (id, importer) =>
      importer && dirname(join(dirname(importer), id)) === runtime ? { id, external: true } : undefined,
    buildEnd() {
      for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id)?.importedIds ?? [])
    },
  }
  const made = await rolldown({ ...common, input: entries, plugins: [look] })
  await made.generate({ format: 'esm' })
  // Those that are added meanwhile have their turn as well.
  for (const file of all) for (const id of imports.get(file) ?? []) if (id.startsWith(dist) && id !== begin) all.add(id)
  return [...all]
}

async function exportsOf(file: string): Promise<string[]> {
  return Object.keys((await import(pathToFileURL(file).href)) as object)
}

function importable(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll(sep, '/')
  return path.startsWith('.') ? path : `./${path}`
}

/** Characters beyond ASCII are in strings only, once the comments are gone; without them V8 keeps the source in half the memory. */
function ascii(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
