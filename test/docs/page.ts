import { readdir, readFile } from 'node:fs/promises'

const root = new URL('../../', import.meta.url)

/** A file of the repository, by its path from the top. */
export const readPage = async (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

/** What stands under a heading, up to the next of the same or a higher level. */
export function section(page: string, heading: string): string {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start === -1) throw new Error(`There is no heading "${heading}"`)
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line))
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n')
}

/** The rows of all tables in a text, each as its cells; without heads. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n')
  return lines
    .filter(
      (line, index) =>
        line.startsWith('|') && !/^\|[-|: ]+\|$/.test(line) && !/^\|[-|: ]+\|$/.test(lines[index + 1] ?? ''),
    )
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** Links to files of the repository, without fragments. */
export function localLinks(page: string): string[] {
  return [...page.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}

/** The first group of a pattern that one file in src matches, wherever it is. */
export async function sourceOf(pattern: RegExp): Promise<string> {
  for (const file of await readdir(new URL('src/', root), { recursive: true })) {
    const found = file.endsWith('.ts') ? pattern.exec(await readPage(`src/${file}`)) : null
    if (found) return found[1] ?? ''
  }
  throw new Error(`Nothing in src matches ${pattern}`)
}
