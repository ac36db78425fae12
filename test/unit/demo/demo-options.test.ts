import { describe, expect, it } from 'vitest'
import { parseDemoOptions } from '../../../src/demo/demo-options.ts'

describe('the options of the demo', () => {
  it('are the living demo on a terminal, and elsewhere both, with an end', () => {
    expect(parseDemoOptions([], true)).toMatchObject({ mode: 'live', end: undefined })
    expect(parseDemoOptions([], false)).toMatchObject({ mode: 'both', end: 40_000 })
    expect(parseDemoOptions(['--serve'], false)).toMatchObject({ mode: 'live', end: undefined })
    expect(parseDemoOptions(['--serve', '--for', '20'], false)).toMatchObject({ mode: 'live', end: 20_000 })
    expect(parseDemoOptions(['--once'], true)?.mode).toBe('once')
    expect(parseDemoOptions(['--json'], true)?.mode).toBe('once')
    expect(parseDemoOptions(['--help'], true)).toBeUndefined()
  })

  it.each([
    [['--serve', '--once'], '--serve'],
    [['--serve', '--json'], '--serve'],
    [['--port', '65536'], '--port'],
    [['--speed', '0'], '--speed'],
    [['--seed', 'x'], '--seed'],
    [['--limit', '1'], '--limit'],
    [['--for', '0'], '--for'],
  ])('%j is refused', (args, option) => {
    expect(() => parseDemoOptions(args, true)).toThrow(expect.objectContaining({ option }) as Error)
  })
})
