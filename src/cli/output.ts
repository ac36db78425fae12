import { exitCodes } from './exit-codes.ts'
import { printable, widthOf } from './printable.ts'

/** Lines on standard output, with nothing in them that a terminal would obey. */
export function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${printable(line)}\n`)
}

/** Something for people, which is no result. */
export function note(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${printable(line)}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${safeJson(value, 2)}\n`)
}

/** @param indent spaces; none: all on one line. */
export function safeJson(value: unknown, indent?: number): string {
  // What JSON leaves as it is, and a terminal would obey; line feeds are those between the lines.
  return JSON.stringify(value, null, indent).replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  )
}

const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`

/** Whoever reads the output may have had enough: `spillway logs | head`. Nobody who reads what is noted is no reason to end. */
export function endQuietly(): void {
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(exitCodes.ok)
  })
}

interface TableColumn {
  readonly heading: string
  readonly align?: 'right'
}

/** Rows below their headings, each column as wide as it has to be. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, at) => Math.max(...all.map((row) => widthOf(row[at] ?? ''))))
  return all.map((row) =>
    row
      .map((text, at) => {
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)))
        return columns[at]?.align === 'right' ? space + text : text + space
      })
      .join('  ')
      .trimEnd(),
  )
}
