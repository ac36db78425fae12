import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { diffUsage } from '../../src/cli/commands/diff.ts'
import { explainUsage } from '../../src/cli/commands/explain.ts'
import { hostsUsage } from '../../src/cli/commands/hosts.ts'
import { loadUsage } from '../../src/cli/commands/load.ts'
import { logsUsage } from '../../src/cli/commands/logs.ts'
import { profileUsage } from '../../src/cli/commands/profile.ts'
import { psUsage } from '../../src/cli/commands/ps.ts'
import { snapshotUsage } from '../../src/cli/commands/snapshot.ts'
import { unloadUsage } from '../../src/cli/commands/unload.ts'
import { topUsage } from '../../src/cli/top/top-options.ts'
import { allBlocks, readPage } from './page.ts'
import type { Block } from './page.ts'
import { parseYaml } from './yaml.ts'
import type { Yaml } from './yaml.ts'

const root = new URL('../../', import.meta.url)
const run = promisify(execFile)
const blocks = await allBlocks()
const of = (language: string): Block[] => blocks.filter((block) => block.language === language)
/** Languages whose blocks a test looks at: `ts` in examples.test.ts, `js` in test/package/bundled.test.ts, `conf` in test/cluster/permissions.test.ts, the others here; without one it is something printed, or drawn. */
const looked = ['ts', 'js', 'sh', 'yaml', 'dockerfile', 'json', 'nginx', 'caddy', 'conf', '']

it('all blocks are of languages that a test looks at', () => {
  expect(blocks.filter(({ language }) => !looked.includes(language))).toEqual([])
})

describe('commands', () => {
  const commands = of('sh').flatMap(({ page, code }) => code.split('\n').map((line) => ({ page, line })))

  it('of npx are those that there are, with options that they know', () => {
    const usages = { ps: psUsage, top: topUsage, explain: explainUsage, load: loadUsage, unload: unloadUsage }
    const all = {
      ...usages,
      hosts: hostsUsage,
      snapshot: snapshotUsage,
      diff: diffUsage,
      profile: profileUsage,
      logs: logsUsage,
    }
    const options = new Map(Object.entries(all).map(([name, usage]) => [name, new Set(usage.match(/--[a-z]+/g))]))
    const called = commands.flatMap(({ page, line }) =>
      [...line.matchAll(/npx spillway (\w+)([^#|]*)/g)].map(([, name = '', rest = '']) => ({
        page,
        name,
        unknown: (rest.match(/--[a-z-]+/g) ?? []).filter((option) => options.get(name)?.has(option) !== true),
      })),
    )
    expect(new Set(called.map(({ name }) => name))).toEqual(new Set(Object.keys(all)))
    expect(called.filter(({ unknown }) => unknown.length > 0)).toEqual([])
  })

  it('run files that are there, or on the page', () => {
    const shown = new Set(of('ts').map(({ page, code }) => `${page} ${/^\/\/ ([\w./-]+\.ts)\b/.exec(code)?.[1]}`))
    const run = commands.flatMap(({ page, line }) => {
      const file = /\bnode (?:--[\w=-]+ )*([\w./-]+\.ts)\b/.exec(line)?.[1]
      return file === undefined || shown.has(`${page} ${file}`) ? [] : [file]
    })
    expect(run.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
  })
})

describe('Dockerfiles', () => {
  const instructions = of('dockerfile').flatMap(({ code }) =>
    code.split('\n').flatMap((line) => {
      const [, instruction = '', rest = ''] = /^(\w+) (.*)$/.exec(line) ?? []
      return line === '' ? [] : [{ instruction, rest }]
    }),
  )
  const those = (name: string): string[] =>
    instructions.filter(({ instruction }) => instruction === name).map(({ rest }) => rest)

  it('are made of instructions, on a Node that is supported', async () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD']
    expect(instructions.filter(({ instruction }) => !known.includes(instruction))).toEqual([])
    const { engines } = JSON.parse(await readPage('package.json')) as { engines: { node: string } }
    const least = Number(/^>=(\d+)$/.exec(engines.node)?.[1])
    const images = those('FROM').map((image) => Number(/^node:(\d+)-/.exec(image)?.[1]))
    expect(images.length).toBeGreaterThan(0)
    expect(images.filter((version) => !(version >= least))).toEqual([])
  })

  it('copy from stages that they have, and end as somebody else than root', () => {
    const stages = those('FROM').flatMap((image) => / AS (\w+)$/.exec(image)?.[1] ?? [])
    const sources = those('COPY').flatMap((copy) => /--from=(\w+)/.exec(copy)?.[1] ?? [])
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.filter((source) => !stages.includes(source))).toEqual([])
    expect(those('USER').at(-1)).toBe('node')
  })

  it('start the program without a shell, with flags that Node has', async () => {
    const { stdout } = await run(process.execPath, ['--v8-options'], { maxBuffer: 16 * 1024 ** 2 })
    const known = new Set([...process.allowedNodeEnvironmentFlags, ...(stdout.match(/--[a-z][\w-]+/g) ?? [])])
    const [command = '', ...rest] = those('CMD').flatMap((line) => JSON.parse(line) as string[])
    expect(command).toBe('node')
    expect(rest.filter((flag) => flag.startsWith('--') && !known.has(flag.replace(/=.*/, '')))).toEqual([])
  })
})

describe('manifests', () => {
  const manifests = of('yaml').map(({ page, code }) => ({ page, manifest: parseYaml(code) }))

  it('are read', () => {
    expect(manifests.length).toBeGreaterThan(0)
    expect(parseYaml('a:\n  - b: 1\n    c: [x, y]\n  - d\ne: true\n')).toEqual({
      a: [{ b: 1, c: ['x', 'y'] }, 'd'],
      e: true,
    })
    expect(() => parseYaml('a: 1\n  b: 2\n')).toThrow('Not indented')
    expect(() => parseYaml('a:\nb: 2\n')).toThrow('Nothing under a:')
  })

  it('of Deployments give the program of their page the time and the folder that it needs, and ask the probes that it has', async () => {
    for (const { page, manifest } of manifests.filter((each) => at(each.manifest, 'kind') === 'Deployment')) {
      const text = await readPage(page)
      const option = (name: string): number =>
        Number(new RegExp(`\\b${name}: ([\\d_]+)`).exec(text)?.[1]?.replaceAll('_', '')) / 1_000
      const pod = at(manifest, 'spec', 'template', 'spec')
      const container = at(pod, 'containers', 0)
      const needed = option('drainDelay') + option('closeTimeout') + option('shutdownTimeout')
      expect(needed).toBeGreaterThan(0)
      expect(at(pod, 'terminationGracePeriodSeconds')).toBeGreaterThan(needed)
      const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) =>
        at(container, probe, 'httpGet', 'path'),
      )
      expect(probes).toEqual(['/health/ready', '/health/ready', '/health/live'])
      const options = await readPage('docs/options.md')
      expect(probes.filter((path) => typeof path !== 'string' || !options.includes(`'${path}'`))).toEqual([])
      expect(at(container, 'securityContext', 'readOnlyRootFilesystem')).toBe(true)
      expect(at(container, 'volumeMounts', 0)).toEqual({ name: at(pod, 'volumes', 0, 'name'), mountPath: '/tmp' })
      expect(/directory: '(\/\w+)\//.exec(text)?.[1]).toBe('/tmp')
    }
  })
})

describe('proxies', () => {
  const [nginx = '', caddy = ''] = ['nginx', 'caddy'].map((language) =>
    of(language)
      .map(({ code }) => code)
      .join(''),
  )

  it.each([
    ['nginx', nginx],
    ['Caddy', caddy],
  ])('are configured for %s by blocks that close, and lines that are a block, a statement or a comment', (_, code) => {
    const faults: string[] = []
    let depth = 0
    for (const line of code.split('\n').filter((each) => each !== '')) {
      const text = line.trim()
      if (text === '}') depth--
      if (!line.startsWith('  '.repeat(depth)) || line.startsWith('  '.repeat(depth) + ' '))
        faults.push(`indented: ${line}`)
      if (text.endsWith('{')) depth++
      // A statement of nginx ends with a semicolon, one of Caddy with its line.
      else if (text !== '}' && !text.startsWith('#') && text.endsWith(';') !== (code === nginx))
        faults.push(`ended: ${line}`)
    }
    expect(code).not.toBe('')
    expect([depth, ...faults]).toEqual([0])
  })

  it('take the path away, pass the host on as it came, say that they are proxies, and keep nothing back', () => {
    expect(nginx).toMatch(/location (\/\w+\/) \{[^}]*proxy_pass http:\/\/127\.0\.0\.1:8080\/;/)
    const set = ['Host $http_host', 'X-Forwarded-For $proxy_add_x_forwarded_for'].map(
      (each) => `proxy_set_header ${each};`,
    )
    expect([...set, 'proxy_buffering off;'].filter((each) => !nginx.includes(each))).toEqual([])
    expect(caddy).toMatch(/handle_path \/\w+\/\* \{\s+reverse_proxy 127\.0\.0\.1:8080 \{\s+flush_interval -1\s/)
  })

  it('are for a host that the dashboard of the page knows', () => {
    const [host = ''] = /ops[\w.]+/.exec(caddy) ?? []
    expect(nginx).toContain(`server_name ${host};`)
    expect(of('ts').some(({ code }) => code.includes(`allowedHosts: ['${host}']`))).toBe(true)
  })
})

it('JSON is JSON', () => {
  for (const { code } of of('json')) expect(() => JSON.parse(code) as unknown).not.toThrow()
})

/** What is under a path of keys. */
function at(value: Yaml | undefined, ...path: (string | number)[]): Yaml | undefined {
  return path.reduce<Yaml | undefined>(
    (found, key) => (typeof found === 'object' ? (found as Record<string, Yaml>)[key] : undefined),
    value,
  )
}
