import { describe, expect, it } from 'vitest'
import { trimAllocator } from '../../src/memory/allocator-trim.ts'

const major = Number.parseInt(process.versions.node, 10)

describe.runIf(process.platform === 'linux')('trimAllocator', () => {
  it('reaches the C library by what this version of Node offers', async () => {
    expect(await trimAllocator(10_000)).toBe(major >= 26 ? 'node:ffi' : 'koffi')
  })

  it('does not wait longer than it was told to, and goes on', async () => {
    expect(await trimAllocator(0)).toBe('under way')
    expect(await trimAllocator(10_000)).not.toBe('under way')
  })

  it('starts one helper for all who ask while another one runs', async () => {
    const helpers: number[] = []
    const count = (): void => void helpers.push(1)
    process.on('worker', count)
    try {
      await Promise.all([trimAllocator(10_000), trimAllocator(10_000), trimAllocator(10_000)])
    } finally {
      process.off('worker', count)
    }
    expect(helpers).toHaveLength(2)
  })
})
