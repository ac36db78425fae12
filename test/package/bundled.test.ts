import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectedOf, inlined, lease, older, program } from './bundled-programs.ts'
import { olderNode, pretending } from './old-node.ts'
import { nodes, packedProject, root, run, silent, tool } from './packed.ts'
import { replaced } from './programs.ts'
import { installWebpack } from './webpack.ts'
import { isAllWanted } from '../support/all-wanted.ts'

/** What the dashboard's page is made of, and what serves it. */
const peers = ['fastify', 'preact', 'htm', 'uplot']
const copied = 'spillway-worker.cjs'

type Format = 'esm' | 'cjs'
interface Bundle {
  readonly format: Format
  readonly bundler: string
  readonly flags?: readonly string[]
}
type NodeName = keyof typeof nodes
/** Where the package is installed, or in a folder of its own with the file that is copied. */
type Place = 'installed' | 'alone'
type Run = readonly [Place, NodeName]

const everywhere: readonly Run[] = (['installed', 'alone'] as const).flatMap((place) =>
  (['Node 26', 'Node 24'] as const).map((node): Run => [place, node]),
)
const plain: Bundle = { format: 'esm', bundler: 'esbuild' }
/**
 * Each bundler, format, flag, place and Node is seen running, and each place on each Node, but not all products: that a file is found depends on the place
 * and the format, and what is different on another Node does not depend on who has bundled it. SPILLWAY_TEST_ALL=1 runs the products.
 */
const bundles: readonly (readonly [Bundle, ...Run[]])[] = [
  [plain, ['installed', 'Node 26'], ['alone', 'Node 24']],
  [{ format: 'esm', bundler: 'esbuild', flags: ['--splitting', '--minify'] }, ['alone', 'Node 26']],
  [{ format: 'cjs', bundler: 'esbuild' }, ['alone', 'Node 26'], ['installed', 'Node 24']],
  [{ format: 'cjs', bundler: 'esbuild', flags: ['--minify'] }, ['installed', 'Node 26']],
  // Not all of the package is in these two: nowhere else can they run.
  [{ format: 'esm', bundler: 'esbuild', flags: ['--packages=external'] }, ['installed', 'Node 26']],
  // One copy is in the bundle, and another one is imported beside it.
  [{ format: 'esm', bundler: 'esbuild', flags: ['--external:spillway/worker'] }, ['installed', 'Node 26']],
  [{ format: 'esm', bundler: 'rolldown' }, ['installed', 'Node 26']],
  [{ format: 'esm', bundler: 'vite' }, ['alone', 'Node 26']],
]

const warning = /warn|could not resolve/i

let home: string
let page: string
/** A folder in which the package is installed, for each format: the sources of its programs differ. */
const projects: Partial<Record<Format, string>> = {}

beforeAll(async () => {
  const { project: installed } = await packedProject()
  home = await mkdtemp(join(tmpdir(), 'spillway-bundled-'))
  page = await readFile(new URL('../../docs/recipes/bundling.md', import.meta.url), 'utf8')
  for (const format of ['esm', 'cjs'] as const) {
    const project = join(home, format)
    projects[format] = project
    await cp(installed, project, { recursive: true, verbatimSymlinks: true })
    await mkdir(join(project, 'src'))
    for (const [name, text] of Object.entries(program(format))) await writeFile(join(project, 'src', name), text)
    await writeFile(join(project, 'vite.config.js'), block('js', '// vite.config.js'))
    if (format === 'esm') await cp(project, join(home, 'bare'), { recursive: true })
    for (const peer of peers) await symlink(join(root, 'node_modules', peer), join(project, 'node_modules', peer))
  }
  await rm(installed, { recursive: true })
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

describe.each(bundles.map(([bundle, ...runs]) => [nameOf(bundle), bundle, runs] as const))(
  'a bundle by %s',
  (_, bundle, runs) => {
    it('is made without a warning', async () => {
      expect(await bundleWith(bundle)).not.toMatch(warning)
    })

    it.each(isAllWanted ? possible(bundle) : runs)('runs %s, on %s', async (place, node) => {
      const { result, expected } = await outcomeOf(bundle, place, node)
      expect(result).toEqual(expected)
    })
  },
)

it.each(['esbuild', 'rolldown', 'vite'])('%s does not miss packages that are optional', async (bundler) => {
  expect(await bundleIn(join(home, 'bare'), { format: 'esm', bundler })).not.toMatch(warning)
})

describe('a bundle without the file that is to be copied', () => {
  it('says which, where it was looked for, and what to do', async () => {
    const folder = await alone(plain)
    await rm(join(folder, copied))
    const { thread, process } = await refusals(folder)
    expect(thread).toContain(`copy node_modules/spillway/dist/${copied} next to the bundle`)
    expect(thread).toContain(join(folder, copied))
    expect(process).toBe(thread)
  })

  it('does not take one of another version for it', async () => {
    const folder = await alone(plain)
    const code = await readFile(join(folder, copied), 'utf8')
    await writeFile(join(folder, copied), code.replace(/^\/\/ spillway \S+/, '// spillway 0.0.1-old'))
    expect((await refusals(folder)).thread).toContain(`${join(folder, copied)} (which is 0.0.1-old)`)
  })

  it('looks again when it was replaced while the program runs', async () => {
    const project = projectOf(plain)
    const folder = await mkdtemp(join(tmpdir(), 'spillway-alone-'))
    onEnd.push(folder)
    for (const [name, code] of Object.entries(replaced)) {
      const to = name === 'replaced.mjs' ? join(project, 'src', name) : join(folder, name)
      await writeFile(to, code)
    }
    await copyFile(join(project, 'node_modules/spillway/dist', copied), join(folder, copied))
    const args = ['src/replaced.mjs', '--bundle', '--platform=node', '--format=esm', `--outfile=${folder}/main.mjs`]
    await run(tool('esbuild'), args, { cwd: project, env: silent })
    const { stdout } = await run(nodes['Node 26'], ['main.mjs', join(folder, copied)], {
      cwd: folder,
      env: silent,
    })
    const looked = join(folder, copied)
    const ofIsolation = [
      'hello',
      expect.stringContaining(`${looked} (which is 9.9.9-new)`),
      expect.stringContaining(looked),
      'hello',
    ]
    expect(JSON.parse(stdout)).toEqual([...ofIsolation, ...ofIsolation])
  })

  async function refusals(folder: string): Promise<{ thread?: string; process?: string }> {
    const result = (await outcome(nodes['Node 26'], folder, plain.format)) as Record<string, { refused: string }>
    return { thread: result['thread']?.refused ?? '', process: result['process']?.refused ?? '' }
  }
})

it('warns of a component that was bundled with another version', async () => {
  const folder = await alone(plain)
  const file = join(folder, 'prices.mjs')
  const code = await readFile(file, 'utf8')
  const [, id = 'none'] = /^\/\/ spillway (\S+)/.exec(await readFile(join(folder, copied), 'utf8')) ?? []
  expect(code).toContain(id)
  await writeFile(file, code.replaceAll(id, '0.0.1-old'))
  const { stderr } = await run(nodes['Node 26'], ['main.mjs'], { cwd: folder, env: silent }).catch(
    (error: unknown) => error as { stderr: string },
  )
  expect(stderr).toContain(`Two versions of Spillway are in one thread, ${id} and 0.0.1-old`)
})

it('tells where a lease was taken, though all is in one file', async () => {
  const project = projectOf(plain)
  await writeFile(join(project, 'src/lease.js'), lease)
  const args = ['src/lease.js', '--bundle', '--platform=node', '--format=esm', '--outfile=lease.mjs']
  await run(tool('esbuild'), args, { cwd: project, env: silent })
  const { stdout } = await run(nodes['Node 26'], ['lease.mjs'], { cwd: project, env: silent })
  expect(stdout).toMatch(/^forgetful \(.*lease\.mjs:\d+:\d+\)\n$/)
})

describe('a bundle by webpack', () => {
  let isInstalled = false
  beforeAll(async () => {
    isInstalled = await installWebpack(home)
  })

  it.for(['esm', 'cjs'] as const)('to %s runs', { timeout: 300_000 }, async (format, { skip }) => {
    if (!isInstalled) return skip('webpack could not be installed')
    const bundle: Bundle = { format, bundler: 'webpack' }
    const folder = projects[format] ?? home
    await writeFile(join(folder, 'webpack.config.js'), block('js', `// webpack.config.js, to ${format}`))
    // To minimize takes terser most of a minute: esbuild does it to what comes out, in one.
    const more = { optimization: { minimize: isAllWanted } }
    const args = [join(home, 'webpack/make.mjs'), JSON.stringify(more)]
    const { stdout, stderr } = await run(nodes['Node 26'], args, { cwd: folder })
    // What is optional is optional to it as well, which it says; a request that it cannot follow would not be followed at run time either.
    expect(stdout + stderr).not.toMatch(/Critical dependency|ERROR/)
    await rename(join(folder, 'dist'), distOf(bundle))
    said.set(distOf(bundle), stdout)
    if (!isAllWanted && format === 'esm') {
      const files = [join(distOf(bundle), 'main.mjs'), join(distOf(bundle), 'prices.mjs')]
      const flags = [
        '--minify',
        '--format=esm',
        '--allow-overwrite',
        '--out-extension:.js=.mjs',
        `--outdir=${distOf(bundle)}`,
      ]
      await run(tool('esbuild'), [...files, ...flags], { cwd: folder, env: silent })
    }
    const one = format === 'esm' ? 'installed' : 'alone'
    for (const place of isAllWanted ? (['installed', 'alone'] as const) : ([one] as const)) {
      const { result, expected } = await outcomeOf(bundle, place, 'Node 26')
      expect({ place, result }).toEqual({ place, result: expected })
    }
  })
})

describe.each(['esm', 'cjs'] as const)('a bundle to %s', (format) => {
  it('says what Node it needs', async () => {
    const node = await olderNode(24)
    const file = await made('older', older)
    const args = [...(node === undefined ? pretending('20.1.0') : []), file]
    const failed: unknown = await run(node ?? nodes['Node 26'], args, { cwd: projects[format] ?? home }).catch(
      (error: unknown) => error,
    )
    const sentence = 'spillway needs Node 24 or later; this is v'
    expect(failed).toMatchObject({ stderr: expect.stringContaining(sentence) as string })
  })

  it('may have spillway/testing in it', async () => {
    const file = await made('inlined', inlined)
    const { stdout } = await run(nodes['Node 26'], [file], { cwd: projects[format] ?? home, env: silent })
    expect(stdout).toBe('inlined\n')
  })

  /** Its bundle by esbuild. */
  async function made(name: string, code: string): Promise<string> {
    const project = projects[format] ?? home
    await writeFile(join(project, `src/${name}.js`), code)
    const file = `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`
    const args = [`src/${name}.js`, '--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`]
    await run(tool('esbuild'), args, { cwd: project, env: silent })
    return file
  }
})

function nameOf({ format, bundler, flags = [] }: Bundle): string {
  return [bundler, format, ...flags].join(' ')
}

function distOf(bundle: Bundle): string {
  return join(projectOf(bundle), `dist-${nameOf(bundle).replaceAll(/\W+/g, '-')}`)
}

function projectOf({ format }: Bundle): string {
  return projects[format] ?? home
}

/** Where it can run. */
function possible({ flags = [] }: Bundle): readonly Run[] {
  return everywhere.filter(([place]) => place === 'installed' || !flags.some((flag) => flag.includes('external')))
}

async function outcomeOf(bundle: Bundle, place: Place, node: NodeName): Promise<{ result: unknown; expected: object }> {
  await bundleWith(bundle)
  const folder = place === 'installed' ? distOf(bundle) : await alone(bundle)
  const told: unknown = expect.stringMatching(/The dashboard's page is made of many files/)
  const everything = isAllWanted || (bundle.bundler === 'esbuild' && !bundle.flags && node === 'Node 26')
  const result = await outcome(nodes[node], folder, bundle.format, everything ? ['everything'] : [])
  return { result, expected: expectedOf(place === 'installed' || told, everything) }
}

/** What the bundlers said, by folder. */
const said = new Map<string, string>()

/** Makes it once, for whichever test asks first. @returns what the bundler said */
async function bundleWith(bundle: Bundle): Promise<string> {
  const dist = distOf(bundle)
  const known = said.get(dist)
  if (known !== undefined) return known
  const text = await bundleIn(projectOf(bundle), bundle)
  await rename(join(projectOf(bundle), 'dist'), dist)
  said.set(dist, text)
  return text
}

/** By the command of the page. */
async function bundleIn(project: string, { format, bundler, flags = [] }: Bundle): Promise<string> {
  const commands = [...page.matchAll(/^npx (.+)$/gm)].map(([, command = '']) => command.split(' '))
  const command = commands.find(
    ([name, ...args]) => name === bundler && (bundler !== 'esbuild' || args.includes(`--format=${format}`)),
  )
  if (!command) throw new Error(`the page has no command for ${bundler}`)
  const [name = '', ...args] = command
  const env = { ...silent, PATH: join(root, 'node_modules/.bin') + delimiter + (process.env['PATH'] ?? '') }
  const { stdout, stderr } = await run(tool(name), [...args, ...flags], {
    cwd: project,
    env,
  })
  return stdout + stderr
}

/** A folder with the bundle, and the file that the page says, and nothing else. */
async function alone(bundle: Bundle): Promise<string> {
  await bundleWith(bundle)
  const [, from = 'none'] = /^cp (\S+) dist\/$/m.exec(page) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'spillway-alone-'))
  onEnd.push(folder)
  await cp(distOf(bundle), folder, { recursive: true, filter: (name) => !/\.db(?:-\w+)?$/.test(name) })
  await copyFile(join(projectOf(bundle), from), join(folder, copied))
  return folder
}

const onEnd: string[] = []
afterAll(async () => {
  for (const folder of onEnd) await rm(folder, { recursive: true, force: true })
})

async function outcome(node: string, folder: string, format: Format, args: readonly string[] = []): Promise<unknown> {
  const file = join(folder, format === 'esm' ? 'main.mjs' : 'main.cjs')
  const { stdout, stderr } = await run(node, [file, ...args], { cwd: folder, env: silent })
  expect(stderr.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('')
  return JSON.parse(stdout)
}

/** A code block of the page. */
function block(language: string, beginning: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
  const found = blocks.find(([, tag, code]) => tag === language && code?.startsWith(beginning))
  if (!found?.[2]) throw new Error(`the page has no such block: ${beginning}`)
  return found[2]
}
