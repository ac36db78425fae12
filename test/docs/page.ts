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
  for (const text of await sources()) {
    const found = pattern.exec(text)
    if (found) return found[1] ?? ''
  }
  throw new Error(`Nothing in src matches ${pattern}`)
}

/** The first groups of all matches of a global pattern in src. */
export async function sourcesMatching(pattern: RegExp): Promise<string[]> {
  return (await sources()).flatMap((text) => [...text.matchAll(pattern)].map(([, group = '']) => group))
}

async function sources(): Promise<string[]> {
  const files = await readdir(new URL('src/', root), { recursive: true })
  return Promise.all(files.filter((file) => file.endsWith('.ts')).map(async (file) => readPage(`src/${file}`)))
}
