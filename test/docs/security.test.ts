import { expect, it } from 'vitest'
import { section } from '../../bench/figures/markdown.ts'
import { readPage } from './page.ts'

interface Package {
  readonly exports: Readonly<Record<string, unknown>>
  readonly engines: { readonly node: string }
  readonly devDependencies: Readonly<Record<string, string>>
}

const page = await readPage('docs/security.md')
const { exports, engines, devDependencies } = JSON.parse(await readPage('package.json')) as Package

it('what is said to be public are the entries of the package', () => {
  const told = [...section(page, 'Which versions').matchAll(/`(spillway(?:\/[\w-]+)*)`(?=[,\n])/g)].map(
    ([, entry]) => entry,
  )
  const entries = Object.keys(exports).filter((path) => !path.endsWith('.json'))
  expect(new Set(told)).toEqual(new Set(entries.map((path) => path.replace(/^\./, 'spillway'))))
})

it('the Nodes that are said to be supported are those that the package takes, and those that it is tested with', () => {
  const supported = section(page, 'Which Node')
  const least = /^>=(\d+)$/.exec(engines.node)?.[1]
  expect(supported).toContain(`| ${least} and later | supported`)
  const tested = ['node-24', 'node'].map((name) => /(\d+)\.\d+\.\d+$/.exec(devDependencies[name] ?? '')?.[1])
  expect(supported).toContain(`| ${tested.join(', ')} | tested`)
})
