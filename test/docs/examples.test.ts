import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { allBlocks, readPage } from './page.ts'
import type { Block } from './page.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const sources = await entries()
/** What an example may take for granted. */
const coordinator =
  "import { ComponentCoordinator } from 'spillway'\nawait using coordinator = new ComponentCoordinator()\n"
const given: Record<string, string> = {
  'docs/locks.md': 'declare const signal: AbortSignal\ndeclare const write: (token: number) => Promise<void>;\n',
  'docs/processes.md': 'declare const chartRenderer: { draw(): string };\n',
}
/** Those that talk to nobody, and end by themselves: what they say that they print is compared. */
const executable = /^docs\/(?:(?:services|calls)\.md|recipes\/)/
const needsNetwork = /LazyConnectorManager|LazyConnectionPool|connector:/

interface Example {
  readonly page: string
  readonly file: string
  readonly code: string
  readonly isModule: boolean
}

const examples = examplesOf(await allBlocks())
const pages = [...new Set(examples.map(({ page }) => page))]
let directory: string

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  directory = await mkdtemp(join(root, '.cache/examples-'))
  await copyFile(join(root, 'test/docs/declarations.d.ts'), join(directory, 'declarations.d.ts'))
  const shared = examples.filter(
    ({ page, code, isModule }) => isModule && page === 'README.md' && !code.includes("from './"),
  )
  for (const page of pages) {
    const folder = join(directory, folderOf(page))
    await mkdir(folder)
    await writeFile(join(folder, 'parser.ts'), 'export const parse = (text: string): number => text.length\n')
    // Components of the README are known to all; a page may have one of its own in the place of that.
    const own = examples.filter((example) => example.page === page)
    for (const { file, code } of [...shared, ...own]) await writeFile(join(folder, file), code)
  }
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

describe('the examples of the pages', () => {
  it('compile', async () => {
    const settings = {
      extends: join(root, 'tsconfig.json'),
      // Nest's decorators are no erasable syntax, and nothing is emitted.
      compilerOptions: {
        rewriteRelativeImportExtensions: false,
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: false,
        experimentalDecorators: true,
        noUnusedLocals: false,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['**/*.ts'],
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(settings))
    const compiler = join(root, 'node_modules/.bin/tsc')
    const problems = await run(compiler, ['-p', directory]).then(
      () => '',
      (error: unknown) => (error as { stdout?: string }).stdout ?? String(error),
    )
    expect(problems).toBe('')
  })

  it.each(examples.filter(({ page, code, isModule }) => executable.test(page) && !isModule && isFinite(code)))(
    '$page, $file prints what it says',
    async ({ page, file, code }) => {
      const folder = join(directory, folderOf(page))
      const { stdout } = await run(process.execPath, [file], { cwd: folder, timeout: 50_000 })
      const promised = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, text]) => text)
      expect(promised.length).toBeGreaterThan(0)
      expect(stdout.trimEnd().split('\n')).toEqual(promised)
    },
  )
})

/** Those that are a server until SIGTERM; decorators are more than Node can strip. */
const servers = examples.filter(
  ({ code, isModule }) => !isModule && code.includes('3000') && code.includes('SIGTERM') && !code.includes('@Module'),
)

describe('the servers of the pages', () => {
  it('are there', () => {
    expect(servers.length).toBeGreaterThanOrEqual(5)
  })

  it.concurrent.for(servers)('$page, $file is ready, and ends at SIGTERM', async ({ page, file, code }, { expect }) => {
    const folder = join(directory, folderOf(page))
    const port = await freePort()
    await writeFile(join(folder, `served-${file}`), code.replace('3000', String(port)))
    const server = spawn(process.execPath, [`served-${file}`], { cwd: folder, stdio: 'ignore' })
    const ended = once(server, 'exit')
    const ready = async (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ status }) => status,
        () => 0,
      )
    try {
      await expect.poll(ready, { timeout: 30_000 }).toBe(200)
      server.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    } finally {
      server.kill('SIGKILL')
    }
  })
})

function examplesOf(blocks: readonly Block[]): Example[] {
  const counts = new Map<string, number>()
  return blocks
    .filter(({ language }) => language === 'ts')
    .map(({ page, code }) => {
      const index = (counts.get(page) ?? 0) + 1
      counts.set(page, index)
      const name = /^\/\/ ([\w./-]+\.ts)\b/.exec(code)?.[1]
      const isModule = name !== undefined && name !== 'main.ts'
      return {
        page,
        file: name ?? `example-${index}.ts`,
        code: here(isModule ? code : complete(page, code)),
        isModule,
      }
    })
}

const isFinite = (code: string): boolean => code.includes('// prints: ') && !needsNetwork.test(code)

/** What package.json exports, as it is here: the sources by what is imported. */
async function entries(): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await readPage('package.json')) as { exports: Record<string, { default?: string }> }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, { default: file }]) =>
      file === undefined
        ? []
        : [[path.replace(/^\./, 'spillway'), file.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')] as const],
    ),
  )
}

function complete(page: string, code: string): string {
  const isTaken = /\bcoordinator\.|\(coordinator[,)]/.test(code) && !/\bcoordinator = /.test(code)
  return `${isTaken ? coordinator : ''}${given[page] ?? ''}${code}\nexport {}\n`
}

function here(code: string): string {
  return code.replaceAll(/'(spillway(?:\/\w+)?)'/g, (text, name: string) =>
    name in sources ? `'${root}${sources[name]}'` : text,
  )
}

function folderOf(page: string): string {
  return page.replaceAll(/\W/g, '-')
}
