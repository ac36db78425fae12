import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPage } from './page.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
/** What examples import, as it is here. */
const sources: Record<string, string> = {
  spillway: 'src/index.ts',
  'spillway/worker': 'src/worker.ts',
  'spillway/services': 'src/services/index.ts',
  'spillway/dashboard': 'src/dashboard/index.ts',
  'spillway/metrics': 'src/metrics/index.ts',
  'spillway/fastify': 'src/integrations/fastify.ts',
  'spillway/nestjs': 'src/integrations/nestjs.ts',
}
/** What an example may take for granted. */
const coordinator =
  "import { ComponentCoordinator } from 'spillway'\nawait using coordinator = new ComponentCoordinator()\n"
const given: Record<string, string> = {
  'docs/locks.md': 'declare const signal: AbortSignal\ndeclare const write: (token: number) => Promise<void>;\n',
}
/** Those that talk to nobody, and end by themselves. */
const executable = ['docs/services.md']
const needsNetwork = /LazyConnectorManager|LazyConnectionPool|connector:/

interface Example {
  readonly page: string
  readonly file: string
  readonly code: string
  readonly isModule: boolean
}

const pages = [
  'README.md',
  'docs/services.md',
  'docs/memory.md',
  'docs/locks.md',
  'docs/hibernation.md',
  'docs/dashboard.md',
  'docs/applications.md',
]
const examples = (await Promise.all(pages.map(examplesOf))).flat()
let directory: string

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  directory = await mkdtemp(join(root, '.cache/examples-'))
  const modules = examples.filter(({ isModule }) => isModule)
  for (const page of pages) {
    const folder = join(directory, folderOf(page))
    await mkdir(folder)
    await writeFile(join(folder, 'parser.ts'), 'export const parse = (text: string): number => text.length\n')
    for (const { file, code } of modules) await writeFile(join(folder, file), code)
  }
  for (const { page, file, code, isModule } of examples) {
    if (!isModule) await writeFile(join(directory, folderOf(page), file), code)
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

  it.each(
    examples.filter(({ page, code, isModule }) => executable.includes(page) && !isModule && !needsNetwork.test(code)),
  )('$page, $file prints what it says', async ({ page, file, code }) => {
    const folder = join(directory, folderOf(page))
    const { stdout } = await run(process.execPath, [file], { cwd: folder, timeout: 50_000 })
    const promised = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, text]) => text)
    expect(promised.length).toBeGreaterThan(0)
    expect(stdout.trimEnd().split('\n')).toEqual(promised)
  })
})

async function examplesOf(page: string): Promise<Example[]> {
  const blocks = [...(await readPage(page)).matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code)
  return blocks.map((code, index) => {
    const name = /^\/\/ ([\w./-]+\.ts)\b/.exec(code)?.[1]
    const isModule = name !== undefined && name !== 'main.ts'
    return {
      page,
      file: name ?? `example-${index + 1}.ts`,
      code: here(isModule ? code : complete(page, code)),
      isModule,
    }
  })
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
