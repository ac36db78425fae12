import { readdir, readFile } from 'node:fs/promises'

const root = new URL('../../', import.meta.url)

/** The README and all pages of docs: what is new is among them. */
export async function allPages(): Promise<string[]> {
  const files = await readdir(new URL('docs/', root), { recursive: true })
  return ['README.md', ...files.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)]
}

export interface Block {
  readonly page: string
  readonly language: string
  readonly code: string
}

/** The blocks of code of all pages. */
export async function allBlocks(): Promise<Block[]> {
  const blocksOf = async (page: string): Promise<Block[]> =>
    [...(await readPage(page)).matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = '', code = '']) => ({
      page,
      language,
      code,
    }))
  return (await Promise.all((await allPages()).map(blocksOf))).flat()
}

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

/** The first groups of all matches of a global pattern in src. @param folder of it alone */
export async function sourcesMatching(pattern: RegExp, folder = ''): Promise<string[]> {
  return (await sources(folder)).flatMap((text) => [...text.matchAll(pattern)].map(([, group = '']) => group))
}

async function sources(folder = ''): Promise<string[]> {
  const files = await readdir(new URL(`src/${folder}`, root), { recursive: true })
  return Promise.all(files.filter((file) => file.endsWith('.ts')).map(async (file) => readPage(`src/${folder}${file}`)))
}
