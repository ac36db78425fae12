import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, test } from 'vitest'
import { watchAddonLoads } from '../../../src/host/addon-watch.ts'
import { claimAddon } from '../../../src/host/addon-claims.ts'
import { bearsReload, knownAddons, mayNotBeCutShort } from '../../../src/host/known-addons.ts'

describe('what bears a second load', () => {
  it.each([
    ['nothing', []],
    ['what is not known', ['koffi@3.3.4', '@koromix/koffi-linux-x64@3.3.4', '/opt/own/build/Release/own.node']],
    ['what is only called like it', ['swc@1.0.0', '@swc/core-tools@1.0.0', '@swc/html-linux-x64-gnu@1.16.22']],
  ])('%s', (_, addons) => {
    expect(bearsReload(addons)).toEqual({ ok: true })
  })

  it.each([
    '@swc/core@1.16.22',
    '@swc/core',
    '@swc/core-linux-x64-gnu@1.16.22',
    '@swc/core-darwin-arm64@2.0.0-beta.1',
    '@swc/core-win32-x64-msvc@1.16.22',
    '@parcel/watcher-linux-x64-glibc@2.6.0',
    '@duckdb/node-bindings-linux-x64@1.5.6-r.1',
    'onnxruntime-node@1.30.0',
  ])('not %s', (addon) => {
    expect(bearsReload(['koffi@3.3.4', addon])).toMatchObject({ ok: false, addon })
  })
})

test('what must not be cut short is not what is loaded once', () => {
  expect(mayNotBeCutShort(['koffi@3.3.4', '@duckdb/node-bindings-linux-x64@1.5.6-r.1'])).toBe(true)
  expect(mayNotBeCutShort(['@swc/core@1.16.22', 'koffi@3.3.4'])).toBe(false)
  const claims = new Int32Array(new SharedArrayBuffer(knownAddons.length * 4))
  expect(claimAddon(claims, '@swc/core@1.16.22', 1)).toBe(true)
  expect(claimAddon(claims, '@swc/core@1.16.22', 2)).toBe(false)
  expect(claimAddon(claims, 'onnxruntime-node@1.30.0', 1)).toBe(true)
  expect(claimAddon(claims, 'onnxruntime-node@1.30.0', 2)).toBe(true)
})

describe('addons that are loaded', () => {
  const load = process.dlopen.bind(process)
  let folder = ''
  afterEach(async () => {
    process.dlopen = load
    await rm(folder, { recursive: true })
  })

  it('are told of once, by their package or their path; those that cannot be loaded are not', async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-addons-'))
    const build = join(folder, 'node_modules', 'a', 'build')
    await mkdir(build, { recursive: true })
    await writeFile(join(folder, 'node_modules', 'a', 'package.json'), '{"name":"a","version":"1.2.3"}')
    // Says what kind of modules there are.
    await writeFile(join(build, 'package.json'), '{"type":"commonjs"}')
    const odd = join(folder, 'odd')
    await mkdir(odd)
    await writeFile(join(odd, 'package.json'), 'no JSON')
    const told: string[] = []
    process.dlopen = (_, file) => {
      if (file.includes('broken')) throw new Error('wrong platform')
    }
    watchAddonLoads((addon) => told.push(addon))
    const own = (file: string): void => process.dlopen({ exports: {} }, file)
    expect(() => own(join(build, 'broken.node'))).toThrow('wrong platform')
    own(join(build, 'a.node'))
    own(join(build, 'a.node'))
    own(join(odd, 'b.node'))
    expect(told).toEqual(['a@1.2.3', join(odd, 'b.node')])
  })
})
