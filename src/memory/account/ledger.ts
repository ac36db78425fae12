import type { Ledger } from '../../contract/ledger.ts'

export type LedgerEntries = Omit<Ledger, 'main' | 'usage' | 'unattributed'>

/** Adds up: usage is everything accounted for, and what is left of the resident set is unattributed. */
export function buildLedger(entries: LedgerEntries): Ledger {
  let main = entries.mainThread.total
  for (const { total: bytes } of entries.extra) main += bytes
  let total = main + unclaimedNative(entries)
  for (const { total: bytes } of Object.values(entries.components)) total += bytes
  const unattributed = entries.rss - total
  // What is pending is resident and nobody's: other workers may have come to use those pages since.
  const pending = Math.max(0, Math.min(entries.pending, unattributed - entries.runtime))
  return { ...entries, main, pending, usage: total + entries.reservations, unattributed }
}

/** Native memory (bytes) that is in usage and no component's. */
export function unclaimedNative({ native, components }: Pick<Ledger, 'native' | 'components'>): number {
  return Object.values(components).reduce((rest, memory) => rest - memory.native, native)
}

/** The ledger as an aligned table in MiB, one row a line. */
export function formatLedger(ledger: Ledger): string {
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1)
  const rows: string[][] = [['', 'used', 'physical', 'external', 'malloced', 'reported', 'native', 'total', 'peak', '']]
  for (const [name, m] of Object.entries(ledger.components)) {
    const figures = [m.used, m.physical, m.external, m.malloced, m.reported, m.native, m.total, m.peak]
    rows.push([name, ...figures.map(mib), m.stale ? 'stale' : ''])
  }
  for (const { name, kind, total } of ledger.extra) rows.push([name, '', '', '', '', '', '', mib(total), '', kind])
  const { mainThread } = ledger
  const own = [mainThread.used, mainThread.physical, mainThread.external, mainThread.malloced]
  rows.push(['main thread', ...own.map(mib), '', '', mib(mainThread.total), '', ''])
  const sum = (label: string, bytes: number, note = ''): string[] => [
    label,
    '',
    '',
    '',
    '',
    '',
    '',
    mib(bytes),
    '',
    note,
  ]
  const share = ledger.limit > 0 ? `${((100 * ledger.usage) / ledger.limit).toFixed(1)}% of the limit` : ''
  rows.push(sum("native, nobody's", unclaimedNative(ledger)))
  rows.push(sum('reservations', ledger.reservations))
  rows.push(sum('usage', ledger.usage, `${share}, pressure ${ledger.pressureLevel}`))
  rows.push(sum('limit', ledger.limit))
  rows.push(sum('resident set', ledger.rss))
  rows.push(sum('unattributed', ledger.unattributed))
  rows.push(sum('runtime', ledger.runtime))
  rows.push(sum('pending', ledger.pending))
  if (ledger.cgroup) {
    const { limit, current } = ledger.cgroup
    rows.push(sum('cgroup', current, limit === null ? 'no limit' : `of ${mib(limit)}`))
  }
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  const line = (row: string[]): string =>
    row
      .map((cell, i) => (i === 0 || i === row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
