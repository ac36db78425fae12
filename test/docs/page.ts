import { readdir, readFile } from 'node:fs/promises'

const root = new URL('../../', import.meta.url)

/** A file of the repository, by its path from the top. */
export const readPage = async (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

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
