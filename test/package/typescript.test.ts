import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { copyFile, mkdir, readFile, rm, symlink, writeFile, cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { nodes, packedProject, root, run, silent, tool } from './packed.ts'
import { asJavaScript, readExample, readProject } from './readme-example.ts'
import type { ExampleFile } from './readme-example.ts'
import { isAllWanted } from '../support/all-wanted.ts'

let project: string
let example: ExampleFile[]

beforeAll(async () => {
  ;({ project } = await packedProject())
  // `npm install --save-dev @types/node`
  await symlink(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'))
  example = await readExample(new URL('../../README.md', import.meta.url))
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

describe('the packed package', () => {
  it('has types that a strict program compiles against', async () => {
    await copyFile(new URL('consumer.ts', import.meta.url), join(project, 'consumer.ts'))
    expect(await compile('consumer.ts', ['--noEmit'])).toBe('')
  })

  it('has types that say what travels where those of Node are not installed', async () => {
    await copyFile(new URL('bare-consumer.ts', import.meta.url), join(project, 'bare-consumer.ts'))
    expect(await compile('bare-consumer.ts', ['--noEmit'], [])).toBe('')
  })

  // How node10 finds types does not depend on what is made of the program.
  it.each(isAllWanted ? ['commonjs', 'esnext'] : ['commonjs'])(
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

  it('runs compiled to JavaScript on each Node', async () => {
    const directory = await createProgram('js', asJavaScript)
    expect(await compile(join(directory, `${mainOf(example)}.ts`), [])).toBe('')
    for (const { name } of example) await rm(join(directory, name))
    for (const [name, node] of Object.entries(nodes)) {
      const lines = await output(node, join(directory, `${mainOf(example)}.js`))
      expect({ name, lines }).toEqual({ name, lines: promised() })
    }
  })
})

describe('the recipe for TypeScript', () => {
  const page = new URL('../../docs/recipes/typescript.md', import.meta.url)
  let home: string

  beforeAll(async () => {
    home = join(project, 'typescript')
    for (const { name, code } of await readProject(page)) {
      // It is there to show what does need a compiler.
      if (name === 'tones.ts') continue
      await mkdir(dirname(join(home, name)), { recursive: true })
      await writeFile(join(home, name), code)
    }
  })

  it('keeps to what Node runs as it is', async () => {
    const tones = (await readProject(page)).find(({ name }) => name === 'tones.ts')?.code ?? ''
    await writeFile(join(home, 'tones.ts'), tones)
    expect(await build('--noEmit')).toMatch(/^tones\.ts\(\d+,\d+\): error TS1294: [^\n]*erasableSyntaxOnly[^\n]*\n$/)
    await rm(join(home, 'tones.ts'))
  })

  it('runs before and after a build, on each Node', async () => {
    expect(await build()).toBe('')
    for (const file of ['main.ts', 'dist/main.js']) await expectGreeting(file)
  })

  it('has components that are built to CommonJS, on each Node', async () => {
    const folder = 'commonjs'
    await mkdir(join(home, folder), { recursive: true })
    await writeFile(join(home, folder, 'package.json'), '{ "type": "commonjs" }')
    const program = `const { join } = require('node:path')
      const { ComponentCoordinator } = require('spillway')
      const coordinator = new ComponentCoordinator()
      const component = coordinator.registerComponent({ name: 'greeter', module: join(__dirname, 'greeter.js') })
      component.greet('Ada').then(console.log).then(() => coordinator.shutdown())`
    await writeFile(join(home, folder, 'main.js'), program)
    const settings = ['--target', 'es2024', '--module', 'commonjs', '--moduleResolution', 'bundler', '--skipLibCheck']
    expect(await build('--ignoreConfig', '--types', 'node', ...settings, '--outDir', folder, 'greeter.ts')).toBe('')
    expect(await readFile(join(home, folder, 'greeter.js'), 'utf8')).toContain('exports.default = ')
    await expectGreeting(`${folder}/main.js`)
  })

  it('fits sources in a folder of their own with what it says of them', async () => {
    const folder = join(home, 'with-src')
    for (const { name, code } of await readProject(page)) {
      const file = name === 'tsconfig.json' ? name : `src/${name}`
      if (name === 'tones.ts') continue
      await mkdir(dirname(join(folder, file)), { recursive: true })
      const options = /add `("rootDir": [^`]+)` to the options, and `("include": [^`]+)`/.exec(
        await readFile(page, 'utf8'),
      )
      const settings = code.replace('"outDir"', `${options?.[1]},\n"outDir"`).replace(/\}\n$/, `, ${options?.[2]} }\n`)
      await writeFile(join(folder, file), name === 'tsconfig.json' ? settings : code)
    }
    expect(await build('-p', 'with-src')).toBe('')
    const { stdout } = await run(nodes['Node 24'], ['with-src/dist/main.js'], { cwd: home, env: silent })
    expect(stdout).toBe('hello Ada\n')
  })

  it("fits the README's examples", async () => {
    const folder = join(home, 'readme')
    await mkdir(folder)
    await writeFile(join(folder, 'tsconfig.json'), (await readProject(page))[0]?.code ?? '')
    for (const { name, code } of await readProject(new URL('../../README.md', import.meta.url))) {
      // It takes a test runner; the first is what is no project's settings.
      if (!/^(tsconfig\.json|.*\.test\.ts)$/.test(name)) await writeFile(join(folder, name), code)
    }
    expect(await build('-p', 'readme')).toBe('')
    const { stdout } = await run(nodes['Node 24'], ['readme/main.ts'], { cwd: home, env: silent })
    expect(stdout.split('\n').slice(0, promised().length)).toEqual(promised())
  })

  it.each([
    ['module', 'nodenext', []],
    // What nodenext was then.
    ...(isAllWanted ? ([['module', 'node20', []]] as const) : []),
    ['module', 'commonjs', ['--moduleResolution', 'bundler']],
  ] as const)('has programs that are compiled to CommonJS with %s %s', async (_, module, more) => {
    const folder = `program-${module}`
    await mkdir(join(home, folder), { recursive: true })
    await writeFile(join(home, folder, 'package.json'), '{ "type": "commonjs" }')
    await copyFile(join(home, 'greeter.ts'), join(home, folder, 'greeter.ts'))
    const program = `import { join } from 'node:path'
      import { ComponentCoordinator } from 'spillway'
      import type greeter from './greeter'
      const coordinator = new ComponentCoordinator()
      const component = coordinator.registerComponent<typeof greeter>({ name: 'greeter', module: join(__dirname, 'greeter.js') })
      component.greet('Ada').then(console.log).then(() => coordinator.shutdown())`
    await writeFile(join(home, folder, 'main.ts'), program)
    const settings = [
      '--target',
      'es2024',
      '--types',
      'node',
      '--skipLibCheck',
      '--strict',
      '--module',
      module,
      ...more,
    ]
    expect(await build('--ignoreConfig', ...settings, `${folder}/greeter.ts`, `${folder}/main.ts`)).toBe('')
    const { stdout } = await run(nodes['Node 24'], [`${folder}/main.js`], { cwd: home, env: silent })
    expect(stdout).toBe('hello Ada\n')
  })

  /** On each Node. */
  async function expectGreeting(file: string): Promise<void> {
    for (const [name, node] of Object.entries(nodes)) {
      const { stdout } = await run(node, [file], { cwd: home, env: silent })
      expect({ name, file, stdout }).toEqual({ name, file, stdout: 'hello Ada\n' })
    }
  }

  /** What the compiler has to say, with nothing but what the page says. */
  async function build(...options: readonly string[]): Promise<string> {
    const failed = (error: { stdout: string }): { stdout: string } => error
    return (await run(tool('tsc'), options, { cwd: home }).catch(failed)).stdout
  }
})

describe.each([
  ['docs/recipes/containers.md', 'fastify', '/health/ready', []],
  [
    'docs/applications.md',
    '@nestjs',
    '/highest',
    ['--experimentalDecorators', '--emitDecoratorMetadata', '--erasableSyntaxOnly', 'false'],
  ],
] as const)('the program of %s', (page, framework, path, decorators) => {
  it('is built, and runs of what is built', async () => {
    const source = join(project, `${framework}-source`)
    const blocks = [...(await readFile(join(root, page), 'utf8')).matchAll(/^```ts\n([^]*?)^```$/gm)].map(
      ([, code]) => code ?? '',
    )
    const main = blocks.find((code) => new RegExp(`from '${framework}\\b`).test(code) && code.includes('extname')) ?? ''
    const component = blocks.find((code) => code.startsWith('// prices.ts')) ?? example[0]?.code ?? ''
    const port = await freePort()
    await mkdir(source)
    await writeFile(join(source, 'package.json'), '{ "type": "module" }')
    const [settings] = await readProject(new URL('../../docs/recipes/typescript.md', import.meta.url))
    await writeFile(join(source, 'tsconfig.json'), settings?.code ?? '')
    await writeFile(join(source, 'prices.ts'), component)
    await writeFile(join(source, 'main.ts'), main.replace('3000', String(port)))
    for (const name of [framework, 'reflect-metadata', 'rxjs']) {
      const link = join(project, 'node_modules', name)
      // Another test may have made a folder of that name.
      await rm(link, { recursive: true, force: true })
      await symlink(join(root, 'node_modules', name), link)
    }
    const { stdout } = await run(tool('tsc'), decorators, { cwd: source }).catch((error: { stdout: string }) => error)
    expect(stdout).toBe('')
    // What an image has of it.
    const image = join(project, `${framework}-image`)
    await cp(join(source, 'dist'), join(image, 'dist'), { recursive: true })
    await copyFile(join(source, 'package.json'), join(image, 'package.json'))
    const server = spawn(nodes['Node 24'], ['dist/main.js'], { cwd: image, env: silent, stdio: 'ignore' })
    const ended = once(server, 'exit')
    const status = async (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        ({ status }) => status,
        () => 0,
      )
    try {
      await expect.poll(status, { timeout: 30_000 }).toBe(200)
      server.kill('SIGTERM')
      expect(await ended).toEqual(framework === 'fastify' ? [0, null] : [null, 'SIGTERM'])
    } finally {
      server.kill('SIGKILL')
    }
  })
})

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
