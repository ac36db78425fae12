import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ComponentMemory } from '../../../../src/contract/ledger.ts'
import { buildLedger, formatLedger, type LedgerEntries } from '../../../../src/memory/account/ledger.ts'

const MIB = 1024 ** 2
const memory = (mib: number, facts: Partial<ComponentMemory> = {}): ComponentMemory => ({
  used: mib * MIB,
  physical: mib * MIB,
  external: 0,
  malloced: 0,
  reported: 0,
  native: 0,
  total: mib * MIB,
  peak: mib * MIB,
  stale: false,
  sampledAt: 0,
  ...facts,
})
const entries = (facts: Partial<LedgerEntries> = {}): LedgerEntries => ({
  time: 1_000,
  components: { candles: memory(100), orders: memory(20, { stale: true, native: 5 * MIB }) },
  extra: [
    { name: 'spare 1', kind: 'spare', total: 8 * MIB },
    { name: 'old', kind: 'zombie', total: 30 * MIB },
  ],
  mainThread: { used: 30 * MIB, physical: 40 * MIB, external: 2 * MIB, malloced: MIB, total: 43 * MIB },
  reservations: 50 * MIB,
  limit: 512 * MIB,
  rss: 260 * MIB,
  native: 12 * MIB,
  runtime: 40 * MIB,
  cgroup: null,
  pending: 10 * MIB,
  pressureLevel: 'low',
  ...facts,
})

describe('the ledger', () => {
  test('adds up', () => {
    const ledger = buildLedger(entries())
    expect(ledger.usage).toBe((100 + 20 + 8 + 30 + 43 + 7 + 50) * MIB)
    expect(ledger.unattributed).toBe((260 - 208) * MIB)
    expect(ledger.pending).toBe(10 * MIB)
  })

  test('adds up whatever is in it', () => {
    const bytes = fc.integer({ min: 0, max: 2 ** 40 })
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), bytes),
        fc.array(bytes),
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        (held, extra, main, native, reserved, rss, pending) => {
          const drawn = entries({
            components: Object.fromEntries(Object.entries(held).map(([name, total]) => [name, memory(0, { total })])),
            extra: extra.map((total, i) => ({ name: `extra ${i}`, kind: 'spare', total })),
            mainThread: { used: 0, physical: main, external: 0, malloced: 0, total: main },
            native,
            reservations: reserved,
            rss,
            pending,
          })
          const ledger = buildLedger(drawn)
          const sum = [...Object.values(held), ...extra, main, native].reduce((all, one) => all + one, 0)
          expect(ledger.usage).toBe(sum + reserved)
          expect(ledger.unattributed + sum).toBe(rss)
          expect(ledger.pending).toBeGreaterThanOrEqual(0)
          expect(ledger.pending).toBeLessThanOrEqual(Math.max(0, ledger.unattributed))
          expect(formatLedger(ledger)).toContain('usage')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('prints as a table with its columns aligned', () => {
    const ledger = buildLedger(entries({ cgroup: { limit: 1_024 * MIB, current: 300 * MIB } }))
    const lines = formatLedger(ledger).split('\n')
    expect(lines[0]).toMatch(/used +physical +external +malloced +reported +native +total +peak/)
    const end = (lines[0]?.indexOf('total') ?? 0) + 'total'.length
    const totals = lines.slice(1).map((line) => /[\d.-]+$/.exec(line.slice(0, end))?.[0])
    expect(totals).toEqual([
      '100.0',
      '20.0',
      '8.0',
      '30.0',
      '43.0',
      '7.0',
      '50.0',
      '258.0',
      '512.0',
      '260.0',
      '52.0',
      '40.0',
      '10.0',
      '300.0',
    ])
    expect(lines[2]).toMatch(/^orders .* stale$/)
    expect(lines[8]).toMatch(/50\.4% of the limit, pressure low$/)
    expect(lines.at(-1)).toMatch(/^cgroup .* of 1024\.0$/)
  })
})
