/**
 * Makes one file of what runs in every worker (`core.cjs`), and one of what processes need besides (`process.cjs`), from the modules that tsc has
 * compiled. Each of those modules becomes one that takes its exports from there, so that none of them exists twice in a thread, whoever imports it. Why:
 * docs/decisions/one-file-for-workers.md
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import type { InputOptions, Plugin } from 'rolldown'

const root = fileURLToPath(new URL('../', import.meta.url))
const dist = join(root, 'dist')
const runtime = join(dist, 'src/runtime')

interface Part {
  readonly name: string
  /** What its workers begin with. */
  readonly start: string
  readonly modules: readonly string[]
}
/** By module: the file that it is in, and its number there. */
const placed = new Map<string, { readonly part: string; readonly number: number; readonly names: readonly string[] }>()

/** What is in the first one is not in the second one again. What a module imports when it is needed is in none, and stays as it is. */
const parts: readonly Part[] = [
  {
    name: 'core',
    start: 'serveThread',
    modules: ['src/host/thread-worker.js', 'src/worker.js', 'src/transport/process/portable.js'],
  },
  { name: 'process', start: 'serveProcess', modules: ['src/host/process/process-worker.js'] },
]

const common: InputOptions = { platform: 'node', external: [/^node:/, 'comlink', /^spillway:/], treeshake: false }

mkdirSync(runtime)
for (const part of parts) await bundle(part)
await standAlone('workers/pool-drain.js')
for (const [file, { part, number, names }] of placed) {
  const from = `./${relative(dirname(file), join(runtime, `${part}.js`)).replaceAll(sep, '/')}`
  const lines = names.map((name) => `export const ${name} = ${part}.${name}$${number};\n`)
  writeFileSync(file, `import { ${part} } from '${from}';\n${lines.join('')}`)
}
copyFileSync(join(root, 'build/entries/load.cjs'), join(runtime, 'load.cjs'))
for (const name of ['bootstrap', 'process-bootstrap']) {
  copyFileSync(join(root, `build/entries/${name}.cjs`), join(dist, `workers/${name}.cjs`))
}

async function bundle({ name, start, modules }: Part): Promise<void> {
  const entries = modules.map((file) => join(dist, file))
  const own = (await needed(entries)).filter((file) => !placed.has(file))
  const elsewhere = new Map(placed)
  for (const [number, file] of own.entries()) placed.set(file, { part: name, number, names: await exportsOf(file) })
  const exports = own.map((file, number) => {
    const names = placed.get(file)?.names.map((each) => `${each} as ${each}$${number}`) ?? []
    return `export { ${names.join(', ')} } from ${JSON.stringify(file)};`
  })
  const entry = [...exports, `export { ${start} } from ${JSON.stringify(entries[0])};`].join('\n')
  const code = await build(entry, (file) => {
    const there = elsewhere.get(file)
    if (!there) return undefined
    const names = there.names.map((each) => `${each}$${there.number} as ${each}`)
    return `export { ${names.join(', ')} } from 'spillway:${there.part}'`
  })
  // Renamed for the sake of another one of the same name, it would go by that in errors.
  const renamed = /\bclass \w+\$\d+\b/.exec(code)
  if (renamed) throw new Error(`${name}: two classes are called alike: there is a ${renamed[0]}`)
  writeFileSync(join(runtime, `${name}.cjs`), ascii(code))
  writeFileSync(
    join(runtime, `${name}.js`),
    `import * as comlink from 'comlink';\nimport { createRequire } from 'node:module';\nexport const ${name} = createRequire(import.meta.url)('./load.cjs').${name}(comlink, Function);\n`,
  )
}

/** A helper thread is no component: it gets what it needs of the modules, and not the file that all workers have in common. Before these become parts of that. */
async function standAlone(file: string): Promise<void> {
  const made = await rolldown({ ...common, treeshake: true, input: join(dist, file) })
  const { output } = await made.generate({ format: 'esm' })
  writeFileSync(join(dist, file), output[0].code)
}

/** @param inOthers what stands for a module that is in another file. It imports by what it is given (entries/load.cjs). */
async function build(entry: string, inOthers: (file: string) => string | undefined): Promise<string> {
  const made = await rolldown({
    ...common,
    input: '\0entry',
    plugins: [
      {
        name: 'parts',
        resolveId: (id, importer, { kind }) => {
          if (id === '\0entry') return id
          if (kind !== 'dynamic-import' || !importer || id.startsWith('node:')) return undefined
          return { id: relative(runtime, join(dirname(importer), id)).replaceAll(sep, '/'), external: true }
        },
        load: (id) => (id === '\0entry' ? entry : inOthers(id)),
      },
    ],
  })
  const { output } = await made.generate({ format: 'cjs', comments: false, codeSplitting: false, esModule: false })
  return output[0].code.replaceAll(/\bimport\(/g, 'importModule(')
}

/** The modules that are evaluated when these are. */
async function needed(entries: readonly string[]): Promise<string[]> {
  const all = new Set(entries)
  const imports = new Map<string, readonly string[]>()
  const look: Plugin = {
    name: 'look',
    buildEnd() {
      for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id)?.importedIds ?? [])
    },
  }
  const made = await rolldown({ ...common, input: [...entries], plugins: [look] })
  await made.generate({ format: 'esm' })
  // Those that are added meanwhile have their turn as well.
  for (const file of all) for (const id of imports.get(file) ?? []) if (id.startsWith(dist)) all.add(id)
  return [...all]
}

async function exportsOf(file: string): Promise<string[]> {
  return Object.keys((await import(pathToFileURL(file).href)) as object)
}

/** Characters beyond ASCII are in strings only, once the comments are gone; without them V8 keeps the source in half the memory. */
function ascii(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
