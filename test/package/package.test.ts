import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { Visitor } from 'rolldown/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localLinks } from '../docs/page.ts'
import { classesOf, loading } from './loading.ts'
import { importing, olderNode, pretending } from './old-node.ts'
import { nodes, packedProject, root, run, silent, textsOf, tool } from './packed.ts'
import { expected, files, sharing, frozen, realms, replaced, replacing } from './programs.ts'

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly exports: Readonly<Record<string, unknown>>
}

let project: string
let tarball: string

beforeAll(async () => {
  ;({ project, tarball } = await packedProject())
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

  it('holds compiled code, types, the dashboard’s page, documentation and licence, and nothing else', async () => {
    const home = join(project, 'node_modules/spillway')
    const files = await readdir(home, { recursive: true, withFileTypes: true })
    const names = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(home.length + 1))
    const strange = names.filter(
      (name) =>
        !/^(dist\/(src|workers)\/.*\.(js|cjs|d\.ts)|dist\/spillway-worker\.cjs|README\.md|LICENSE|package\.json|docs\/[\w/-]+\.(md|svg|png))$/.test(
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

  it('has what its pages link to and show', async () => {
    const home = join(project, 'node_modules/spillway')
    const pages = (await readdir(home, { recursive: true })).filter((file) => file.endsWith('.md'))
    expect(pages).toContain('docs/recipes/typescript.md')
    const links = await Promise.all(
      pages.map(async (page) =>
        localLinks(await readFile(join(home, page), 'utf8')).map((link) => join(home, dirname(page), link)),
      ),
    )
    expect(links.flat().filter((file) => !existsSync(file))).toEqual([])
  })

  it('has the command spillway', async () => {
    const command = join(project, 'node_modules/.bin/spillway')
    expect((await run(nodes['Node 24'], [command, '--version'])).stdout).toBe(`${manifest.version}\n`)
    // With all that it shows frames with.
    expect((await run(nodes['Node 26'], [command, 'top', '--help'])).stdout).toContain('spillway top [pid | url]')
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

  it('says what the sources say of how a file is found', async () => {
    const program = `import { ComponentCoordinator } from 'spillway'
      await using coordinator = new ComponentCoordinator()
      await coordinator.registerComponent({ name: 'a', module: 'hello.mjs' }).hello().catch(({ message }) => console.log(message))`
    await writeFile(join(project, 'advised.mjs'), program)
    const { stdout } = await run(nodes['Node 26'], ['advised.mjs'], { cwd: project, env: silent })
    expect(stdout).toContain("; a file is given as new URL('./hello.mjs', import.meta.url)")
  })

  it('has every text of the sources that speaks of modules as it is written', async () => {
    const sources = await textsOf(join(root, 'src'), /^(?!(demo|examples)\/|.*page\/).*(?<!\.d)\.ts$/)
    const texts = sources.flatMap((code) => wordsOf(code, 'ts')).filter((text) => /\bimport\b(\.|\()/.test(text))
    expect(texts.length).toBeGreaterThan(0)
    const compiled = await textsOf(join(project, 'node_modules/spillway/dist'), /^(?!.*page\/).*\.c?js$/)
    const packed = new Set(compiled.flatMap((code) => wordsOf(code, 'js')))
    expect(texts.filter((text) => !packed.has(text))).toEqual([])
  })

  describe.each(Object.entries(nodes))('on %s', (_, node) => {
    it(
      'has nothing twice in a thread and in a process, whatever the component is written in',
      { timeout: 180_000 },
      async () => {
        for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text)
        const components = ['mjs', 'cjs', 'compiled.cjs'].map((ending) => `./one-runtime.${ending}`)
        const program = [join(project, 'one-runtime-main.mjs'), ...components]
        const { stdout, stderr } = await run(node, program, { cwd: project, env: silent })
        const outcome = { thread: expected(false), process: expected(true) }
        expect(JSON.parse(stdout)).toEqual(Object.fromEntries(components.map((file) => [file, outcome])))
        expect(stderr).toBe('')
      },
    )

    it.each([
      ['its files are replaced while it runs', replacing, 'replacing.mjs', [], '["hello","hello"]\n'],
      ['what is built in is frozen', frozen, 'frozen.mjs', ['--frozen-intrinsics'], 'hello\n'],
      ['it is imported in a realm of its own', realms, 'realms.mjs', [], '[true,true,false,true]\n'],
    ] as const)('goes on where %s', async (__, programs, main, flags, answer) => {
      for (const [name, text] of Object.entries(programs)) await writeFile(join(project, name), text)
      const { stdout } = await run(node, [...flags, join(project, main)], { cwd: project, env: silent })
      expect(stdout).toBe(answer)
    })

    it('refuses workers at once when it was replaced by another version while it runs', async () => {
      for (const [name, text] of Object.entries(replaced)) await writeFile(join(project, name), text)
      const file = join(project, 'node_modules/spillway/dist/spillway-worker.cjs')
      const { stdout } = await run(node, [join(project, 'replaced.mjs'), file], { cwd: project, env: silent })
      const [, id = ''] = /^\/\/ spillway (\S+)/.exec(await readFile(file, 'utf8')) ?? []
      const ofIsolation = [
        'hello',
        expect.stringContaining(`is build 9.9.9-new, and this program runs build ${id}: restart it`),
        expect.stringContaining(`is gone, and this program runs build ${id}`),
        'hello',
      ]
      expect(JSON.parse(stdout)).toEqual([...ofIsolation, ...ofIsolation])
    })

    describe('evaluates', () => {
      const main = 'src/runtime/main.js'

      it('one file for what is not for workers too, and few besides', async () => {
        const evaluated = await outcome('evaluates.mjs', ['spillway'])
        expect(evaluated).toContain(main)
        // The entry, what asks for Node's version, what is for workers too, and modules that others need alone.
        expect((evaluated as string[]).length).toBeLessThan(14)
      })

      it('nothing of that for what is imported without it', async () => {
        const own = [
          ...['module-url', 'state-snapshot', 'inspect'].map((name) => `src/host/${name}.js`),
          'src/cli/top/run-top.js',
          ...['order-service', 'historical-data', 'connection-pool', 'exchange-connector'].map(
            (name) => `workers/${name}.js`,
          ),
        ]
        const exported = ['spillway/worker', 'spillway/dashboard', 'spillway/metrics']
        const files = own.map((file) => `./node_modules/spillway/dist/${file}`)
        const evaluated = await outcome('evaluates.mjs', [...exported, ...files])
        expect(evaluated).toEqual(expect.arrayContaining(own))
        expect(evaluated).not.toContain(main)
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
})

/** Texts of its strings and templates. */
function wordsOf(code: string, lang: 'js' | 'ts'): string[] {
  const words: string[] = []
  const visitor = new Visitor({
    Literal: ({ value }) => void (typeof value === 'string' && words.push(value)),
    TemplateElement: ({ value: { cooked } }) => void (cooked && words.push(cooked)),
  })
  visitor.visit(parseAst(code, { lang, sourceType: 'unambiguous' }))
  return words
}
