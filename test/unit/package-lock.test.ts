import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

interface Package {
  readonly version: string
  readonly [field: string]: unknown
}

const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8'))

const manifest = (await read('package.json')) as Package
const { packages } = (await read('package-lock.json')) as { packages: Record<string, Package> }

// Otherwise `npm install` changes the lockfile of whoever clones the project, and `npm ci` refuses it.
describe('the lockfile', () => {
  it.each([
    'name',
    'version',
    'license',
    'bin',
    'engines',
    'dependencies',
    'devDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
  ])('has the %s of package.json', (field) => {
    expect(packages['']?.[field]).toEqual(manifest[field])
  })

  it('has each package in the version that package.json names', () => {
    const wanted = { ...(manifest['dependencies'] as object), ...(manifest['devDependencies'] as object) }
    const locked = Object.keys(wanted).map((name) => [name, packages[`node_modules/${name}`]?.version])
    const named = Object.entries(wanted).map(([name, version]) => [name, String(version).replace(/^npm:.*@/, '')])
    expect(locked).toEqual(named)
  })
})
