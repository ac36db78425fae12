import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'
import { program } from '../support/program.ts'

const esm = 'export const named = { kind: () => "esm" }'
const cjs = 'module.exports = { default: { kind: () => "cjs" } }'

test('a package is what import makes of its name in the working directory', async () => {
  const folder = program({
    'package.json': '{ "imports": { "#own": "./own.mjs" } }',
    'own.mjs': esm,
    'node_modules/dual/package.json':
      '{ "exports": { ".": { "import": "./i.mjs", "require": "./r.cjs" }, "./part": { "import": "./i.mjs" } } }',
    'node_modules/dual/i.mjs': esm,
    'node_modules/dual/r.cjs': cjs,
    'node_modules/modern/package.json': '{ "exports": { "import": "./i.mjs" } }',
    'node_modules/modern/i.mjs': esm,
    'node_modules/@scoped/old/package.json': '{ "main": "./r.cjs" }',
    'node_modules/@scoped/old/r.cjs': 'exports.named = { kind: () => "cjs" }',
  })
  const { stdout, stderr } = await runChild(`
    process.chdir(${JSON.stringify(folder)})
    const coordinator = new ComponentCoordinator({ logger: silent })
    for (const module of ['dual', 'dual/part', 'modern', '@scoped/old', '#own']) {
      const remote = coordinator.registerComponent({ name: module, module, export: 'named' })
      console.log(module, await remote.kind())
    }
    await coordinator.shutdown()
  `)
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(['dual esm', 'dual/part esm', 'modern esm', '@scoped/old cjs', '#own esm'])
})

test('a package that is installed after its component was registered is found all the same', async () => {
  const folder = program({ 'package.json': '{}' })
  const { stdout } = await runChild(`
    import { mkdirSync, writeFileSync } from 'node:fs'
    process.chdir(${JSON.stringify(folder)})
    const coordinator = new ComponentCoordinator({ logger: silent })
    const remote = coordinator.registerComponent({ name: 'late', module: 'late', export: 'named' })
    console.log(await remote.kind().catch(({ message }) => message))
    mkdirSync('node_modules/late', { recursive: true })
    writeFileSync('node_modules/late/package.json', '{ "exports": { "import": "./i.mjs" } }')
    writeFileSync('node_modules/late/i.mjs', ${JSON.stringify(esm)})
    coordinator.resetComponent('late')
    console.log(await remote.kind())
    await coordinator.shutdown()
  `)
  const [first, second] = stdout.trim().split('\n')
  expect(first).toContain(`Cannot find package 'late' imported from ${folder}`)
  expect(second).toBe('esm')
})

test('a path is a path, whatever is in it; a package is resolved under the conditions of its thread, or its process', async () => {
  const names = ['a#b.cjs', 'a?b.cjs', 'a%20b.cjs', 'a b.cjs']
  const folder = program({
    ...Object.fromEntries(names.map((name) => [name, `exports.kind = () => ${JSON.stringify(name)}`])),
    'package.json': '{}',
    'node_modules/cased/package.json': '{ "exports": { "special": "./special.cjs", "default": "./plain.cjs" } }',
    'node_modules/cased/special.cjs': 'exports.kind = () => "special"',
    'node_modules/cased/plain.cjs': 'exports.kind = () => "plain"',
  })
  const { stdout } = await runChild(`
    process.chdir(${JSON.stringify(folder)})
    const coordinator = new ComponentCoordinator({ logger: silent })
    const paths = ${JSON.stringify(names)}.flatMap((name) => ['./' + name, process.cwd() + '/' + name])
    const flags = [
      ['thread', []], ['thread', ['--conditions=special']], ['thread', ['-C', 'special']], ['thread', ['--conditions', 'special']],
      ['process', []], ['process', ['--conditions', 'special']],
    ]
    const definitions = [
      ...paths.map((module) => ({ module })),
      ...flags.map(([isolation, execArgv]) => ({ module: 'cased', isolation, execArgv })),
    ]
    for (const [index, definition] of definitions.entries())
      console.log(await coordinator.registerComponent({ name: 'a' + index, ...definition }).kind())
    await coordinator.shutdown()
  `)
  const ofConditions = ['plain', 'special', 'special', 'special', 'plain', 'special']
  expect(stdout.trim().split('\n')).toEqual([...names.flatMap((name) => [name, name]), ...ofConditions])
})
