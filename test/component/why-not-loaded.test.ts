import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ComponentDefinition, ComponentLoadError } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator } from '../support/coordinator.ts'
import { program } from '../support/program.ts'

const coordinator = sharedCoordinator()
let serial = 0

/** What comes of its first call; then it makes room for the next one. */
async function kindOf(module: string | URL, more: Partial<ComponentDefinition> = {}): Promise<string> {
  const name = `unloadable-${++serial}`
  const remote = coordinator.registerComponent<{ kind(): string }>({ name, module, ...more })
  try {
    return await remote.kind()
  } finally {
    await coordinator.unregisterComponent(name)
  }
}

async function messageOf(module: string | URL, more?: Partial<ComponentDefinition>): Promise<string> {
  const error = (await rejection(kindOf(module, more))) as ComponentLoadError
  expect(error.code).toBe('ERR_COMPONENT_LOAD')
  return error.message.slice(`Component "unloadable-${serial}" could not be loaded: `.length)
}

const notRun = (what: string): string =>
  `this is ${what} that Node does not run by itself (it only removes types): \`execArgv: ['--import', 'tsx']\` in the definition compiles it as it is loaded, a build step does so beforehand`
const compiled = notRun('TypeScript')
const exported = `export default { kind: () => 'run' }\n`

describe('a module that is not there is told by what was registered', () => {
  const folder = (): string => program({ 'typed.ts': exported, 'folder/index.js': exported })

  it.each<['thread' | 'process', string, string]>([
    ['thread', 'gone.js', `Cannot find module '<>/gone.js', which option "module" names`],
    ['process', 'gone.js', `Cannot find module '<>/gone.js', which option "module" names`],
    ['thread', 'typed.js', `Cannot find module '<>/typed.js', which option "module" names; there is <>/typed.ts`],
    [
      'thread',
      'gone.ts',
      `Cannot find module '<>/gone.ts', which option "module" names; a build and a bundler leave URLs as they are: name the file that they make (docs/recipes/bundling.md)`,
    ],
    ['thread', 'typed', `Cannot find module '<>/typed', which option "module" names; there is <>/typed.ts`],
    [
      'thread',
      'folder',
      `option "module" is a directory, <>/folder, and has to be a file; there is <>/folder/index.js`,
    ],
  ])('in a %s: the file %s', async (isolation, file, message) => {
    const home = folder()
    expect(await messageOf(pathToFileURL(join(home, file)), { isolation })).toBe(message.replaceAll('<>', home))
  })

  it('a path, and a relative one from the working directory', async () => {
    const home = folder()
    expect(await messageOf(join(home, 'typed.js'))).toBe(
      `Cannot find module '${home}/typed.js', which option "module" names; there is ${home}/typed.ts`,
    )
    expect(await messageOf('./gone.js')).toBe(
      `Cannot find module '${join(process.cwd(), 'gone.js')}', which option "module" names`,
    )
  })

  it.each([
    ['no-such-package', ''],
    ['@no-such/package', ''],
    ['gone.js', `; a file is given as new URL('./gone.js', import.meta.url)`],
    ['src/index', `; a file is given as new URL('./src/index', import.meta.url)`],
  ])('a package: %s', async (specifier, hint) => {
    const name = specifier === 'src/index' ? 'src' : specifier
    const error = await rejection(kindOf(specifier))
    expect(error).toMatchObject({ cause: { code: 'ERR_MODULE_NOT_FOUND' } })
    expect((error as Error).message).toContain(
      `Cannot find package '${specifier}' imported from ${process.cwd()}, the working directory: that is what option "module" names${hint}`,
    )
    expect(((error as Error).cause as Error).message).toContain(`'${name}'`)
  })

  it.each([
    ['http://localhost/component.js', `Received protocol 'http:'; option "module" is http://localhost/component.js`],
    ['node:no-such', 'No such built-in module: node:no-such'],
    ['vitest/no-such', 'option "module" is vitest/no-such'],
    ['@own/prices', "given as import.meta.resolve('@own/prices')"],
    ['file://host/x.mjs', 'File URL host must be "localhost" or empty'],
    ['file://host/x.mjs', 'option "module" is file://host/x.mjs'],
    ['file:///a%2Fb.mjs', `must not include encoded "/" or "\\" characters; option "module" is file:///a%2Fb.mjs`],
  ])('anything else: %s', async (module, message) => {
    expect(await messageOf(module)).toContain(message)
  })
})

describe('a module that is no code', () => {
  it.each([
    ['data.json', 'needs an import attribute of "type: json"; data is no component: import it in one'],
    ['text.txt', 'text.txt; a component is a file of code: .js, .mjs, .cjs, .ts, .mts, .cts'],
    ['with-data.mjs', '; option "module" is <>/with-data.mjs'],
  ])('%s', async (file, message) => {
    const home = program({ 'data.json': '{}', 'text.txt': '', 'with-data.mjs': `import './data.json'\n${exported}` })
    expect(await messageOf(pathToFileURL(join(home, file)))).toContain(message.replace('<>', home))
  })
})

interface Sample {
  readonly files: Readonly<Record<string, string>>
  readonly module: string
  readonly message: string
}
const sample = (module: string, files: Readonly<Record<string, string>>, message: string): Sample => ({
  files: { 'package.json': '{ "type": "module" }', ...files },
  module,
  message,
})
/** What needs a compiler, by what it is. */
const typescript: Readonly<Record<string, Sample>> = {
  enum: sample(
    'a.ts',
    { 'a.ts': `enum Kind { run }\nexport default { kind: () => Kind[Kind.run] }` },
    `SyntaxError: TypeScript enum is not supported in strip-only mode (file://<>/a.ts:1); ${compiled}`,
  ),
  'a parameter property': sample(
    'a.ts',
    { 'a.ts': `export default class { constructor(private config: string) {} kind() { return 'run' } }` },
    `SyntaxError: TypeScript parameter property is not supported in strip-only mode (file://<>/a.ts:1); ${compiled}`,
  ),
  'a namespace': sample(
    'a.ts',
    { 'a.ts': `namespace All { export const kind = () => 'run' }\nexport default All` },
    `SyntaxError: TypeScript namespace declaration is not supported in strip-only mode (file://<>/a.ts:1); ${compiled}`,
  ),
  'a decorator': sample(
    'a.ts',
    { 'a.ts': `const as: any = () => {}\nexport default class { @as kind() { return 'run' } }` },
    `SyntaxError: Invalid or unexpected token; option "module" is <>/a.ts; if that is a decorator, ${compiled}`,
  ),
  'a type that is imported as a value': sample(
    'a.ts',
    {
      'a.ts': `import { Kind } from './b.ts'\nexport default { kind: (): Kind => 'run' }`,
      'b.ts': 'export type Kind = string',
    },
    `does not provide an export named 'Kind' (file://<>/a.ts:1); if that is a type, \`import type\` is the way; ${compiled}`,
  ),
  JSX: sample(
    'a.tsx',
    { 'a.tsx': `const h = (kind: string) => kind\nexport default { kind: () => <run /> }` },
    `TypeError: Unknown file extension ".tsx" for <>/a.tsx; ${notRun('TypeScript with JSX')}`,
  ),
  'an import by the name of the compiled file': sample(
    'a.ts',
    { 'a.ts': `export { default } from './b.js'`, 'b.ts': exported },
    `Error: Cannot find module '<>/b.js' imported from <>/a.ts; there is <>/b.ts; ${compiled}`,
  ),
  'an import without an ending': sample(
    'a.ts',
    { 'a.ts': `export { default } from './b'`, 'b.ts': exported },
    `Error: Cannot find module '<>/b' imported from <>/a.ts; there is <>/b.ts; ${compiled}`,
  ),
  'a path of tsconfig.json': sample(
    'a.ts',
    { 'a.ts': `export { default } from '@/b'`, 'b.ts': exported },
    `Error: Cannot find package '@/b' imported from <>/a.ts; '@/b' is a path of tsconfig.json, which Node does not know of: \`execArgv: ['--import', 'tsx']\` in the definition reads that file, tsc leaves it as it is, a bundler or tsc-alias replaces it`,
  ),
  'a package of TypeScript': sample(
    'a.ts',
    {
      'a.ts': `export { default } from 'typed'`,
      'node_modules/typed/package.json': '{ "type": "module", "exports": "./b.ts" }',
      'node_modules/typed/b.ts': exported,
    },
    `<>/node_modules/typed/b.ts"; option "module" is <>/a.ts; ${compiled}`,
  ),
  'an ES module in a CommonJS package': sample(
    'b/a.ts',
    { 'b/package.json': '{ "type": "commonjs" }', 'b/a.ts': exported },
    `SyntaxError: Unexpected token 'export' (<>/b/a.ts:1); by its ending, or by "type" in its package.json, this is a CommonJS module; ${compiled}`,
  ),
}

describe('TypeScript that needs a compiler', () => {
  it.each(Object.entries(typescript))('says so: %s', async (_, { files, module, message }) => {
    const home = program(files)
    expect(await messageOf(pathToFileURL(join(home, module)))).toContain(message.replaceAll('<>', home))
  })

  it('says so in a process', async () => {
    const { files, module, message } = typescript['enum']!
    const home = program(files)
    const found = await messageOf(pathToFileURL(join(home, module)), { isolation: 'process' })
    expect(found).toContain(message.replaceAll('<>', home))
  })

  it('says so of what CommonJS requires, and of paths that tsconfig.json names', async () => {
    const home = program({
      'a.cjs': `require('./b')`,
      'b.ts': exported,
      'c.mts': `import '@own/c'\nimport 'plain'`,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@own/*": ["./*"] /* ours */ } } }',
    })
    expect(await messageOf(join(home, 'a.cjs'))).toBe(
      `Error: Cannot find module './b' required by ${home}/a.cjs; there is ${home}/b.ts; ${compiled}`,
    )
    expect(await messageOf(join(home, 'c.mts'))).toContain(`'@own/c' is a path of tsconfig.json`)
  })

  it.each<['thread' | 'process', readonly string[]]>([
    ['thread', Object.keys(typescript)],
    ['process', ['enum', 'an import without an ending']],
  ])('runs in a %s with a compiler', async (isolation, names) => {
    const execArgv = ['--import', fileURLToPath(fixture('compiles-typescript.mjs'))]
    const urls = names.map((name) => {
      const { files, module } = typescript[name]!
      return pathToFileURL(join(program(files), module)).href
    })
    const all = `
      const modules = await Promise.all(${JSON.stringify(urls)}.map((url) => import(url)))
      const services = modules.map(({ default: made }) => (typeof made === 'function' ? new made() : made))
      export default { kind: () => services.map((service) => service.kind()).join() }`
    const answer = await kindOf(pathToFileURL(join(program({ 'all.mjs': all }), 'all.mjs')), { isolation, execArgv })
    expect(answer).toBe(names.map(() => 'run').join())
  })

  it.each(['thread', 'process'] as const)('names a compiler that is not there, in a %s', async (isolation) => {
    const execArgv = ['--import', 'no-such-compiler']
    const home = program({ 'a.ts': exported })
    const error = await rejection(kindOf(pathToFileURL(join(home, 'a.ts')), { isolation, execArgv }))
    // What a process says as it ends goes to stderr.
    const why = isolation === 'thread' ? `Cannot find package 'no-such-compiler'` : 'exited with code 1 while loading'
    expect(error).toMatchObject({ code: 'ERR_COMPONENT_LOAD', message: expect.stringContaining(why) as string })
    expect((error as Error).message).toContain('option "execArgv" is ["--import","no-such-compiler"]')
  })
})

describe('options of Node that a worker is started with are told', () => {
  const preload = (code: string): string[] => ['--import', `data:text/javascript,${encodeURIComponent(code)}`]

  it.each<['thread' | 'process', string, readonly string[], string]>([
    ['thread', 'throws', preload('throw new Error("preloaded")'), 'preloaded; option "execArgv" is ["--import","data:'],
    [
      'process',
      'throws',
      preload('throw 1'),
      'exited with code 1 while loading; option "execArgv" is ["--import","data:',
    ],
    ['thread', 'is unknown', ['--no-such'], 'flags: --no-such; option "execArgv" is ["--no-such"]'],
    [
      'process',
      'is unknown',
      ['--no-such'],
      'Node refuses an option that its worker is started with (exit code 9); option "execArgv" is ["--no-such"]',
    ],
  ])('in a %s: what %s', async (isolation, _, execArgv, message) => {
    expect(await messageOf(join(program({ 'a.cjs': '' }), 'a.cjs'), { isolation, execArgv })).toContain(message)
  })

  it.each(['thread', 'process'] as const)('in a %s: one that does not end', async (isolation) => {
    const execArgv = preload('setInterval(() => {}, 1_000); await new Promise(() => {})')
    const module = join(program({ 'a.cjs': '' }), 'a.cjs')
    const error = await rejection(kindOf(module, { isolation, execArgv, timeout: 1_000 }))
    expect(error).toMatchObject({
      code: 'ERR_COMPONENT_LOAD_TIMEOUT',
      message: expect.stringMatching(/: its worker was still starting; option "execArgv" is \["--import"/) as string,
    })
  })

  it('--permission of a thread is refused', async () => {
    expect(
      await rejection(
        kindOf('./a.cjs', { execArgv: ['--permission'] }).catch(async (error: unknown) => Promise.reject(error)),
      ),
    ).toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'execArgv',
    })
  })

  it('nothing is said of them once the component is being loaded', async () => {
    const home = program({ 'a.mjs': 'process.exit(3)' })
    const message = await messageOf(join(home, 'a.mjs'), { execArgv: preload('') })
    expect(message).toBe('its worker exited with code 3 while loading')
  })
})

describe('a load that is late', () => {
  it.each([
    ['await new Promise(() => {})', 'its module was still being imported'],
    ['export default () => new Promise(() => {})', 'its initialiser was still under way'],
  ])('says what was going on: %s', async (code, during) => {
    // On a busy machine it may take longer than that to get there.
    for (let timeout = 1_000; ; timeout *= 2) {
      const error = await rejection(kindOf(`data:text/javascript,${encodeURIComponent(code)}`, { timeout }))
      const { message } = error as Error
      expect(message).toMatch(new RegExp(`was not ready within ${timeout} ms: [^;]+; its worker was ended`))
      if (message.includes(`: ${during};`)) break
    }
  })
})

it('names the file that is an ES module and is written as CommonJS', async () => {
  const home = program({
    'package.json': '{ "type": "module" }',
    'a.mjs': `import './b.js'`,
    'b.js': 'module.exports = 1',
  })
  expect(await messageOf(join(home, 'a.mjs'))).toMatch(
    /module is not defined in ES module scope[^]*\(file:.*\/b\.js:1:1\)$/,
  )
})

it('says what it was that was denied', async () => {
  const home = program({ 'a.cjs': `require('node:fs').readFileSync('/etc/hostname')` })
  const execArgv = ['--permission']
  expect(await messageOf(join(home, 'a.cjs'), { isolation: 'process', execArgv })).toMatch(
    /\(FileSystemRead of \/etc\/hostname\)$/,
  )
})

describe('what a module has to say itself is left as it is', () => {
  it.each<[string, string, string]>([
    ['a package that is missing', `import 'no-such'`, `Error: Cannot find package 'no-such' imported from <>/a.ts`],
    [
      'a package that is missing further down',
      `import './b.mjs'`,
      `Error: Cannot find package 'neither' imported from <>/b.mjs; option "module" is <>/a.ts`,
    ],
    ['a file that is missing', `import './gone.js'`, `Error: Cannot find module '<>/gone.js' imported from <>/a.ts`],
    ['an import later on', `await import('./gone.js')`, `Error: Cannot find module '<>/gone.js' imported from <>/a.ts`],
    [
      'bad syntax in JavaScript',
      `import './bad.mjs'`,
      `SyntaxError: Unexpected end of input; option "module" is <>/a.ts; the error is in it or in something that it imports: \`node <>/a.ts\` shows where`,
    ],
    ['JSON', `JSON.parse('{')`, `SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)`],
    ['a function made of text', `new Function('x(')`, `SyntaxError: Unexpected token '}'`],
    [
      'an error of its own',
      `throw new SyntaxError("Unexpected token 'export'")`,
      `SyntaxError: Unexpected token 'export'`,
    ],
  ])('%s', async (_, code, message) => {
    const home = program({
      'package.json': '{ "type": "module" }',
      'a.ts': code,
      'b.mjs': `import 'neither'`,
      'bad.mjs': 'bad(',
    })
    const found = await messageOf(pathToFileURL(join(home, 'a.ts')))
    expect(found).toBe(message.replaceAll('<>', home))
  })

  it('bad syntax in TypeScript', async () => {
    const home = program({ 'a.ts': 'const a: = 1' })
    expect(await messageOf(join(home, 'a.ts'))).toMatch(/^SyntaxError: [^;]+ \((file:\/\/)?[^;]+\/a\.ts:1\)$/)
  })

  it('an import of a file without its ending, in JavaScript', async () => {
    const home = program({ 'a.mjs': `import './b'`, 'b.js': '', 'c.mjs': `import '@/b'` })
    expect(await messageOf(join(home, 'a.mjs'))).toBe(
      `Error: Cannot find module '${home}/b' imported from ${home}/a.mjs; there is ${home}/b.js: in an ES module, import a file by its whole name`,
    )
    expect(await messageOf(join(home, 'c.mjs'))).toContain(
      'which Node does not know of: tsc leaves it as it is, a bundler or tsc-alias replaces it',
    )
  })
})
