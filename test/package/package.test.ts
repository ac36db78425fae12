import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classesOf, loading } from './loading.ts'
import { importing, olderNode, pretending } from './old-node.ts'
import { expected, files, sharing, frozen, realms, replacing } from './programs.ts'
import { asJavaScript, readExample, readProject } from './readme-example.ts'
import type { ExampleFile } from './readme-example.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const tool = (name: string): string => join(root, 'node_modules/.bin', name)
const nodes = {
  'Node 26': join(root, 'node_modules/node/bin/node'),
  'Node 24': join(root, 'node_modules/node-24/bin/node'),
}

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly exports: Readonly<Record<string, unknown>>
}
const silent = { ...process.env, SPILLWAY_LOG_LEVEL: 'silent' }

let project: string
let tarball: string
let example: ExampleFile[]

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'spillway-package-'))
  // Packing builds first.
  await run('npm', ['pack', '--pack-destination', project], { cwd: root })
  const [packed] = (await readdir(project)).filter((name) => name.endsWith('.tgz'))
  tarball = join(project, packed ?? 'no tarball')
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: project })
  example = await readExample(new URL('../../README.md', import.meta.url))
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

describe('the packed package', () => {
  it('passes publint', async () => {
    const { stdout } = await run(tool('publint'), ['run', '--strict', tarball], { cwd: project })
    expect(stdout).toContain('All good!')
  })

  it('has types that resolve for every export, in every way that TypeScript has of resolving', async () => {
    // attw exits with an error when they do not. That CommonJS is given ES modules is as it is to be: Node can require them.
    const args = ['--profile', 'strict', '--ignore-rules', 'cjs-resolves-to-esm', '--', tarball]
    await expect(run(tool('attw'), args, { cwd: project })).resolves.toBeDefined()
  })

  it('holds compiled code, types, the dashboard’s page, readme and licence, and nothing else', async () => {
    const home = join(project, 'node_modules/spillway')
    const files = await readdir(home, { recursive: true, withFileTypes: true })
    const names = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(home.length + 1))
    const strange = names.filter(
      (name) =>
        !/^(dist\/(src|workers)\/.*\.(js|cjs|d\.ts)|dist\/spillway-worker\.cjs|README\.md|LICENSE|package\.json)$/.test(
          name,
        ) &&
        !/^dist\/src\/(dashboard\/page\/[\w-]+\.(css|html|svg)|metrics\/(alerts\.yml|grafana-dashboard\.json))$/.test(
          name,
        ),
    )
    expect(strange).toEqual([])
    expect(names.filter((name) => name.includes('demo'))).toEqual([])
    expect(names).toContain('dist/workers/bootstrap.cjs')
  })

  it('has the command spillway', async () => {
    const command = join(project, 'node_modules/.bin/spillway')
    expect((await run(nodes['Node 24'], [command, '--version'])).stdout).toBe(`${manifest.version}\n`)
    // With all that it shows frames with.
    expect((await run(nodes['Node 26'], [command, 'top', '--help'])).stdout).toContain('spillway top <url>')
  })

  it.each(Object.entries(nodes))('runs in a process that is denied files on %s', async (name, node) => {
    const component = `import { defineComponent } from 'spillway/worker'
      import { readFileSync } from 'node:fs'
      export default defineComponent(() => ({ read: (path) => readFileSync(path, 'utf8').length }))`
    const program = `import { ComponentCoordinator } from 'spillway'
      await using coordinator = new ComponentCoordinator()
      const module = new URL('./denied.js', import.meta.url)
      const denied = coordinator.registerComponent({ name: 'denied', module, isolation: 'process', execArgv: ['--permission'] })
      await denied.read(import.meta.filename).catch(({ code }) => console.log(code))`
    await writeFile(join(project, 'denied.js'), component)
    await writeFile(join(project, `denies-${name.slice(-2)}.js`), program)
    const { stdout } = await run(node, [join(project, `denies-${name.slice(-2)}.js`)], { cwd: project })
    expect(stdout).toBe('ERR_ACCESS_DENIED\n')
  })

  it('has a helper that loads nothing of what components run on', async () => {
    const helper = await readFile(join(project, 'node_modules/spillway/dist/workers/pool-drain.js'), 'utf8')
    expect([...helper.matchAll(/\bfrom\s*["']([^"']+)/g)].map(([, from]) => from)).toEqual([
      'node:fs',
      'node:worker_threads',
    ])
  })

  it('has nothing that webpack would take for a `require` to resolve', async () => {
    const compiled = await textsOf(join(project, 'node_modules/spillway/dist'), /^(?!.*page\/).*\.c?js$/)
    expect(compiled.length).toBeGreaterThan(100)
    expect(compiled.flatMap((text) => text.match(/(?<![.\w])createRequire\(.*/g) ?? [])).toEqual([])
  })

  it('holds each class as often as the sources', async () => {
    const sources = await Promise.all(
      ['src', 'workers'].map(async (folder) =>
        textsOf(join(root, folder), /^(?!.*(demo|examples|page)\/).*(?<!\.d)\.ts$/),
      ),
    )
    const compiled = await textsOf(join(project, 'node_modules/spillway/dist'), /^(?!.*page\/).*\.c?js$/)
    expect(classesOf(compiled)).toEqual(classesOf(sources.flat()))
  })

  describe.each(Object.entries(nodes))('on %s', (_, node) => {
    it.each([
      ['thread', 'mjs'],
      ['thread', 'cjs'],
      ['thread', 'compiled.cjs'],
      ['process', 'mjs'],
      ['process', 'cjs'],
      ['process', 'compiled.cjs'],
    ])('has nothing twice in a %s whose component is a .%s', async (isolation, ending) => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text)
      const program = [join(project, 'one-runtime-main.mjs'), `./one-runtime.${ending}`, isolation]
      const { stdout, stderr } = await run(node, program, { cwd: project, env: silent })
      expect(JSON.parse(stdout)).toEqual(expected(isolation === 'process'))
      expect(stderr).toBe('')
    })

    it.each([
      ['its files are replaced while it runs', replacing, 'replacing.mjs', [], '["hello","hello"]\n'],
      ['what is built in is frozen', frozen, 'frozen.mjs', ['--frozen-intrinsics'], 'hello\n'],
      ['it is imported in a realm of its own', realms, 'realms.mjs', [], '[true,true,false,true]\n'],
    ] as const)('goes on where %s', async (__, programs, main, flags, answer) => {
      for (const [name, text] of Object.entries(programs)) await writeFile(join(project, name), text)
      const { stdout } = await run(node, [...flags, join(project, main)], { cwd: project, env: silent })
      expect(stdout).toBe(answer)
    })

    describe('evaluates', () => {
      const main = 'src/runtime/main.js'

      it('one file for what is not for workers too, and few besides', async () => {
        const evaluated = await outcome('evaluates.mjs', ['spillway'])
        expect(evaluated).toContain(main)
        // The entry, what asks for Node's version, what is for workers too, and modules that others need alone.
        expect((evaluated as string[]).length).toBeLessThan(13)
      })

      it.each([
        'spillway/worker',
        'spillway/dashboard',
        'spillway/metrics',
        ...['host/module-url.js', 'host/state-snapshot.js', 'host/inspect.js', 'cli/top/run-top.js'].map(
          (file) => `src/${file}`,
        ),
        ...['order-service', 'historical-data', 'connection-pool', 'exchange-connector'].map(
          (file) => `workers/${file}.js`,
        ),
      ])('nothing of that for %s', async (specifier) => {
        const file = specifier.endsWith('.js') ? `./node_modules/spillway/dist/${specifier}` : specifier
        expect(await outcome('evaluates.mjs', [file])).not.toContain(main)
      })
    })

    it('has errors of the same classes in all that is exported', async () => {
      const name = 'InvalidOptionsError'
      const same = { dashboard: name, fastify: name, metrics: name, services: name, worker: name }
      expect(await outcome('same-errors.mjs', [])).toEqual(same)
    })

    it('finds the files of its helper threads', async () => {
      expect(await outcome('helper.mjs', [])).toBe(true)
    })

    async function outcome(program: string, args: readonly string[]): Promise<unknown> {
      await writeFile(join(project, program), loading[program] ?? '')
      const { stdout } = await run(node, [join(project, program), ...args], { cwd: project, env: silent })
      return JSON.parse(stdout)
    }

    it('shares what it has compiled with its workers', async () => {
      for (const [name, text] of Object.entries(sharing)) await writeFile(join(project, name), text)
      const { stdout } = await run(node, [join(project, 'sharing.mjs')], { cwd: project, env: silent })
      expect(JSON.parse(stdout)).toEqual([{ given: true, rejected: false }])
    })
  })

  describe('says what Node it needs', () => {
    const { engines, exports } = manifest
    const oldest = Number.parseInt(engines.node.replace('>=', ''), 10)
    const specifiers = Object.keys(exports)
      .filter((path) => !path.endsWith('.json'))
      .map((path) => `spillway${path.slice(1)}`)

    /** Each thing that it says when something is imported or required, or the command is run. */
    async function saidBy(node: string, flags: readonly string[] = []): Promise<unknown> {
      await writeFile(join(project, 'importing.mjs'), importing)
      const { stdout } = await run(node, [...flags, 'importing.mjs', ...specifiers], { cwd: project })
      const command = [join(project, 'node_modules/.bin/spillway'), 'top']
      const failed: unknown = await run(node, [...flags, ...command], { cwd: project }).catch((error: unknown) => error)
      const { code, stderr } = failed as { code?: number; stderr: string }
      return { ...(JSON.parse(stdout) as object), [`spillway top, exit code ${code}`]: [stderr] }
    }

    function expectedOf(version: string): unknown {
      const sentence = `spillway needs Node ${oldest} or later; this is ${version}`
      const messages = specifiers.map((each) => [each, [sentence, sentence]])
      return { ...Object.fromEntries(messages), 'spillway top, exit code 1': [`${sentence}\n`] }
    }

    beforeAll(async () => {
      // spillway/nestjs is for those who have it.
      await mkdir(join(project, 'node_modules/@nestjs'), { recursive: true })
      await symlink(join(root, 'node_modules/@nestjs/common'), join(project, 'node_modules/@nestjs/common'))
    })

    it('to an older one', async ({ skip }) => {
      const node = await olderNode(oldest)
      if (node === undefined) return skip('there is none here')
      const { stdout } = await run(node, ['--version'])
      expect(await saidBy(node)).toEqual(expectedOf(stdout.trim()))
    })

    it.each(Object.entries(nodes))('to one that pretends to be older, which is %s', async (_, node) => {
      const version = `${oldest - 1}.9.9`
      expect(await saidBy(node, pretending(version))).toEqual(expectedOf(`v${version}`))
    })
  })

  it('has types that a strict program compiles against', async () => {
    await copyFile(new URL('consumer.ts', import.meta.url), join(project, 'consumer.ts'))
    expect(await compile('consumer.ts', ['--noEmit'])).toBe('')
  })

  it('has types that say what travels where those of Node are not installed', async () => {
    await copyFile(new URL('bare-consumer.ts', import.meta.url), join(project, 'bare-consumer.ts'))
    expect(await compile('bare-consumer.ts', ['--noEmit'], [])).toBe('')
  })

  it.each(['esnext', 'commonjs'])(
    'has types that TypeScript 5 finds with moduleResolution node10, for %s',
    async (module) => {
      const settings = ['--module', module, '--moduleResolution', 'node10', '--skipLibCheck', '--esModuleInterop']
      expect(await compileWithTypeScript5('consumer.ts', [...settings, '--lib', 'esnext'])).toBe('')
    },
  )

  it('has types that TypeScript 5 finds nothing wrong with', async () => {
    const settings = ['--module', 'nodenext', '--lib', 'esnext,dom']
    const said = await compileWithTypeScript5('bare-consumer.ts', settings)
    // It is from 5.7 on.
    const lines = said.split('\n').filter((line) => !line.endsWith("error TS2315: Type 'Uint8Array' is not generic."))
    expect(lines.join('\n')).toBe('')
  })
})

describe("the README's first example", () => {
  it('is there: a component and a program', () => {
    expect(example).toHaveLength(2)
    expect(promised()).not.toHaveLength(0)
  })

  it.each(Object.entries(nodes))('runs as TypeScript on %s', async (_, node) => {
    const directory = await createProgram('ts', (code) => code)
    expect(await output(node, join(directory, `${mainOf(example)}.ts`))).toEqual(promised())
  })

  it.each(Object.entries(nodes))('runs compiled to JavaScript on %s', async (_, node) => {
    const directory = await createProgram('js', asJavaScript)
    expect(await compile(join(directory, `${mainOf(example)}.ts`), [])).toBe('')
    for (const { name } of example) await rm(join(directory, name))
    expect(await output(node, join(directory, `${mainOf(example)}.js`))).toEqual(promised())
  })
})

describe('the recipe for TypeScript', () => {
  const page = new URL('../../docs/recipes/typescript.md', import.meta.url)
  let home: string

  beforeAll(async () => {
    home = join(project, 'typescript')
    for (const { name, code } of await readProject(page)) {
      // It is there to show what does need a compiler.
      if (name === 'src/tones.ts') continue
      await mkdir(dirname(join(home, name)), { recursive: true })
      await writeFile(join(home, name), code)
    }
  })

  it('keeps to what Node runs as it is', async () => {
    const tones = (await readProject(page)).find(({ name }) => name === 'src/tones.ts')?.code ?? ''
    await writeFile(join(home, 'src/tones.ts'), tones)
    expect(await build('-p', home, '--noEmit')).toMatch(
      /^src\/tones\.ts\(\d+,\d+\): error TS1294: [^\n]*erasableSyntaxOnly[^\n]*\n$/,
    )
    await rm(join(home, 'src/tones.ts'))
  })

  it.each(Object.entries(nodes))('runs before and after a build, on %s', async (_, node) => {
    expect((await run(node, ['src/main.ts'], { cwd: home, env: silent })).stdout).toBe('hello Ada\n')
    expect(await build('-p', home)).toBe('')
    expect((await run(node, ['dist/main.js'], { cwd: home, env: silent })).stdout).toBe('hello Ada\n')
  })

  it.each(Object.entries(nodes))('has components that are built to CommonJS, on %s', async (_, node) => {
    const folder = `commonjs-${node.includes('node-24') ? 24 : 26}`
    await mkdir(join(home, folder), { recursive: true })
    await writeFile(join(home, folder, 'package.json'), '{ "type": "commonjs" }')
    const program = `const { join } = require('node:path')
      const { ComponentCoordinator } = require('spillway')
      const coordinator = new ComponentCoordinator()
      const component = coordinator.registerComponent({ name: 'greeter', module: join(__dirname, 'greeter.js') })
      component.greet('Ada').then(console.log).then(() => coordinator.shutdown())`
    await writeFile(join(home, folder, 'main.js'), program)
    const settings = ['--target', 'es2024', '--module', 'commonjs', '--moduleResolution', 'bundler']
    expect(await build('--ignoreConfig', ...settings, '--outDir', folder, 'src/greeter.ts')).toBe('')
    expect(await readFile(join(home, folder, 'greeter.js'), 'utf8')).toContain('exports.default = ')
    expect((await run(node, [`${folder}/main.js`], { cwd: home, env: silent })).stdout).toBe('hello Ada\n')
  })

  /** What the compiler has to say. */
  async function build(...options: readonly string[]): Promise<string> {
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types'), '--skipLibCheck']
    const failed = (error: { stdout: string }): { stdout: string } => error
    return (await run(tool('tsc'), [...types, ...options], { cwd: home }).catch(failed)).stdout
  }
})

/** Of all files in a folder whose path is like that. */
async function textsOf(folder: string, like: RegExp): Promise<string[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => like.test(path))
  return Promise.all(paths.map(async (path) => readFile(join(folder, path), 'utf8')))
}

async function createProgram(name: string, change: (code: string) => string): Promise<string> {
  const directory = join(project, name)
  await mkdir(directory, { recursive: true })
  for (const { name: file, code } of example) await writeFile(join(directory, file), change(code))
  return directory
}

function mainOf([, main]: readonly ExampleFile[]): string {
  return (main?.name ?? '').replace(/\.ts$/, '')
}

/** What the compiler has to say. */
async function compile(file: string, options: readonly string[], types = ['node']): Promise<string> {
  const settings = {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable', 'esnext.iterator'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: options.includes('--noEmit'),
      skipLibCheck: true,
      types,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [file],
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings))
  try {
    return (await run(tool('tsc'), ['-p', project, ...options], { cwd: project })).stdout
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error)
  }
}

/** What the compiler before has to say, which Node runs: TypeScript 7 has no node10 any more. attw brings a 5.6. */
async function compileWithTypeScript5(file: string, settings: readonly string[]): Promise<string> {
  await copyFile(new URL(file, import.meta.url), join(project, file))
  const attw = createRequire(createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json'))
  const compiler = createRequire(attw.resolve('@arethetypeswrong/core')).resolve('typescript/bin/tsc')
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
  const checks = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022']
  const args = [compiler, ...checks, ...settings, ...types, file]
  const said = await run(process.execPath, args, { cwd: project }).catch((error: { stdout: string }) => error)
  return said.stdout
}

/** What the comments of the example say it prints first. */
function promised(): string[] {
  const source = example.map(({ code }) => code).join('\n')
  return [...source.matchAll(/console\.log\(.*\/\/ prints: (.*)$/gm)].map(([, text = '']) => text)
}

/** As many lines as are promised of what the program prints; it has to end by itself, without an error. */
async function output(node: string, program: string): Promise<string[]> {
  const { stdout } = await run(node, [program], { timeout: 30_000 })
  return stdout.split('\n').slice(0, promised().length)
}
