import { expect, it } from 'vitest'
import { tableRows, section } from '../../bench/figures/markdown.ts'
import { defaultMemoryOptions } from '../../src/memory/options.ts'
import { readPage, sourceOf } from './page.ts'

const decision = section(await readPage('docs/memory.md'), 'How a decision is made')

it('the thresholds of docs/memory.md and of the README are those of the code', async () => {
  const { lowThreshold, mediumThreshold, highThreshold, criticalThreshold } = defaultMemoryOptions
  const thresholds = { lowThreshold, mediumThreshold, highThreshold, criticalThreshold }
  for (const text of [decision, await readPage('README.md')]) {
    const stated = tableRows(text).flatMap((cells) => {
      const row = cells.slice(0, 2).join(' ').replaceAll('`', '')
      const name = /\w+Threshold/.exec(row)?.[0]
      return name === undefined ? [] : [[name, Number(/[\d.]+/.exec(row)?.[0])] as const]
    })
    expect(Object.fromEntries(stated)).toEqual(thresholds)
  }
})

it('every reason for which a component stays is told of', async () => {
  const type = await sourceOf(/^export type KeptReason =([^]*?)\n\n/m)
  const reasons = [...type.matchAll(/'([\w-]+)'/g)].map(([, reason = '']) => reason)
  const told = tableRows(decision).map(([reason = '']) => reason.replaceAll('`', ''))
  expect(told).toEqual(expect.arrayContaining(reasons))
})
