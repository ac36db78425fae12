import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { describe, expect, it } from 'vitest'
import type { ComponentDefinition } from '../../src/index.ts'
import { rejection, sharedCoordinator } from '../support/coordinator.ts'
import { program } from '../support/program.ts'

const run = promisify(execFile)
const coordinator = sharedCoordinator()
let serial = 0

/** What it says of its kind; then it makes room for the next one. */
async function kindOf(folder: string, file: string, more: Partial<ComponentDefinition>): Promise<string> {
  const module = pathToFileURL(join(folder, file))
  const name = `commonjs-${++serial}`
  const remote = coordinator.registerComponent<{ kind(): string }>({ name, module, ...more })
  try {
    return await remote.kind()
  } finally {
    await coordinator.unregisterComponent(name)
  }
}

/** What has each kind of export, as it is written. */
const source = `
import { base } from './base.ts'
export * from './base.ts'
export const object = { kind: () => 'object' }
export class Service { #config; constructor(config) { this.#config = config } kind() { return \`class \${this.#config}\` } }
export function make(config) { return { kind: () => \`factory \${config}\` } }
export const kind = () => \`module, \${base()}\`
export default { kind: () => 'default' }
`
const base = `export const base = () => 'base'`

/** As TypeScript 7 compiles it. */
async function compiledByTypeScript(): Promise<string> {
  const folder = program({ 'package.json': '{}', 'in/a.ts': `// @ts-nocheck\n${source}`, 'in/base.ts': base })
  const options = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--target', 'es2022', '--outDir', 'out']
  const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  await run(compiler, ['--ignoreConfig', '--rewriteRelativeImportExtensions', ...options, 'in/a.ts'], { cwd: folder })
  return join(folder, 'out')
}

async function bundled(format: 'cjs' | 'esm', input: string, output: string): Promise<void> {
  const made = await rolldown({ input, platform: 'node' })
  await made.write({ file: output, format, exports: 'named' })
}

/** What esbuild 0.28 makes of it without bundling: exports are getters, and no name is written where Node looks for names. */
const byEsbuild = `
var __defProp = Object.defineProperty
var __export = (target, all) => { for (var name in all) __defProp(target, name, { get: all[name], enumerable: true }) }
var __copyProps = (to, from) => {
  for (let key of Object.getOwnPropertyNames(from)) __defProp(to, key, { get: () => from[key], enumerable: true })
  return to
}
var __toCommonJS = (mod) => __copyProps(__defProp({}, '__esModule', { value: true }), mod)
var a_exports = {}
__export(a_exports, { Service: () => Service, default: () => a_default, kind: () => kind, make: () => make, object: () => object })
module.exports = __toCommonJS(a_exports)
${source
  .replaceAll(/^(import|export \*) .*$/gm, '')
  .replace('base()', "'base'")
  .replace('export default', 'var a_default =')
  .replaceAll(/^export /gm, '')}
`

/** What each export answers. */
const kinds = {
  default: 'default',
  object: 'object',
  Service: 'class 7',
  make: 'factory 7',
  '*': 'module, base',
} as const
type Exported = keyof typeof kinds

type Isolation = 'thread' | 'process'

/** In a process it is read by the same code: what differs is how it gets there. */
const isolationOf = (index: number): Isolation => (index % 4 === 3 ? 'process' : 'thread')

async function ask(folder: string, file: string, name: string, isolation: Isolation): Promise<string> {
  return kindOf(folder, file, { export: name, config: 7, isolation })
}

describe('a component may be CommonJS', () => {
  it.each<[string, readonly Exported[], () => Promise<readonly [string, string]>]>([
    ['TypeScript', ['default', 'object', '*', 'Service'], async () => [await compiledByTypeScript(), 'a.js']],
    ['esbuild', ['default', 'object', 'make', '*', 'Service'], async () => [program({ 'a.cjs': byEsbuild }), 'a.cjs']],
    [
      'a bundler',
      ['default', 'Service', '*', 'make'],
      async () => {
        const folder = program({ 'a.mjs': source.replaceAll('.ts', '.mjs'), 'base.mjs': base })
        await bundled('cjs', join(folder, 'a.mjs'), join(folder, 'a.cjs'))
        return [folder, 'a.cjs']
      },
    ],
  ])('that %s has made of an ES module', async (_, names, make) => {
    const [folder, file] = await make()
    const answers = await Promise.all(
      names.map(async (name, index) => [name, await ask(folder, file, name, isolationOf(index))]),
    )
    expect(answers).toEqual(names.map((name) => [name, kinds[name]]))
  })

  it('that is written by hand', async () => {
    const folder = program({
      'object.cjs': `module.exports = { kind: () => 'object', named: { kind: () => 'named' } }`,
      'class.cjs': `module.exports = class { kind() { return 'class' } }; module.exports.Other = class { kind() { return 'other' } }`,
      'factory.cjs': `module.exports = (config) => ({ kind: () => 'factory ' + config })`,
      'unseen.cjs': `for (const name of ['one', 'two']) exports[name] = { kind: () => name }`,
      'own.cjs': `module.exports = { name: 'own', kind() { return this.name } }`,
      'has-default.cjs': `module.exports = { kind: () => 'all', default: { kind: () => 'default' } }`,
      'of-esm.cjs': `module.exports = require('./esm.mjs')`,
      'esm.mjs': `export default { kind: () => 'required' }`,
      'package.json': '{ "type": "commonjs" }',
      'typed.ts': `const kind = (): string => 'typed'\nmodule.exports = { kind }`,
      'typed.cts': `const made: { kind(): string } = { kind: () => 'typed' }\nexports.made = made`,
    })
    const asked: [string, string, string][] = [
      ['object.cjs', 'default', 'object'],
      ['object.cjs', 'named', 'named'],
      ['object.cjs', '*', 'object'],
      ['class.cjs', 'default', 'class'],
      ['class.cjs', 'Other', 'other'],
      ['factory.cjs', 'default', 'factory 7'],
      ['unseen.cjs', 'two', 'two'],
      ['own.cjs', '*', 'own'],
      ['has-default.cjs', 'default', 'all'],
      ['of-esm.cjs', 'default', 'required'],
      ['typed.ts', 'default', 'typed'],
      ['typed.cts', 'made', 'typed'],
    ]
    const answers = await Promise.all(
      asked.map(async ([file, name], index) => [file, name, await ask(folder, file, name, isolationOf(index))]),
    )
    expect(answers).toEqual(asked)
  })

  it('inside of an ES module', async () => {
    const folder = program({
      'a.cjs': byEsbuild,
      'required.mjs': `import { createRequire } from 'node:module'\nexport default createRequire(import.meta.url)('./a.cjs')`,
      'imported.mjs': `import all from './a.cjs'\nexport default all\nexport const other = 1`,
      'nameless.cjs': `Object.defineProperty(exports, '__esModule', { value: true })\nexports.kind = () => 'nameless'`,
      'nameless.mjs': `export { default } from './nameless.cjs'`,
      'says-so.mjs': `const all = { kind: () => 'mine' }\nexport { all as 'module.exports' }\nexport default { kind: () => 'default' }`,
    })
    await bundled('esm', join(folder, 'a.cjs'), join(folder, 'bundled.mjs'))
    const asked: [string, string][] = [
      ['required.mjs', 'default'],
      ['imported.mjs', 'default'],
      ['nameless.mjs', 'nameless'],
      ['says-so.mjs', 'default'],
      ['bundled.mjs', 'default'],
    ]
    const answers = await Promise.all(
      asked.map(async ([file], index) => [file, await ask(folder, file, 'default', isolationOf(index))]),
    )
    expect(answers).toEqual(asked)
  })
})

describe('of a CommonJS module', () => {
  const folder = (): string =>
    program({
      'transpiled.cjs': `Object.defineProperty(exports, '__esModule', { value: true })\nexports.first = 1\nexports['sec' + 'ond'] = 2`,
      'plain.cjs': `module.exports = { first: {}, ['sec' + 'ond']: {} }`,
      'class.cjs': `module.exports = class {}`,
      'null.cjs': 'module.exports = null',
      'text.cjs': `module.exports = 'text'`,
      'empty-default.cjs': `exports.__esModule = true\nexports.default = null\nexports.made = {}`,
      'strange.cjs': `exports.__esModule = true\nexports[''] = {}\nexports['a, b'] = {}`,
    })

  it.each<[string, string, string]>([
    [
      'transpiled.cjs',
      'default',
      "the module has no default export; it exports first, second; `export: '*'` takes all of them",
    ],
    ['transpiled.cjs', 'third', 'the module has no export named "third"; it exports first, second'],
    ['plain.cjs', 'third', 'the module has no export named "third"; it exports default, first, second'],
    ['plain.cjs', 'toString', 'the module has no export named "toString"; it exports default, first, second'],
    ['class.cjs', 'prototypes', 'the module has no export named "prototypes"; it exports default'],
    ['null.cjs', 'default', 'the module has no default export; it exports nothing'],
    ['null.cjs', '*', 'the module has no exports; it exports nothing'],
    ['text.cjs', 'default', 'export "default" gave string'],
    ['empty-default.cjs', 'default', "the module's default export is null"],
    ['strange.cjs', 'other', 'it exports "", "a, b"'],
  ])('%s, the export "%s" is not there, and it is told which are', async (file, name, message) => {
    expect(await rejection(kindOf(folder(), file, { export: name }))).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      message: expect.stringContaining(message) as string,
    })
  })
})
