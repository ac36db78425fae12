import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allPages, localLinks, readPage } from './page.ts'

const root = new URL('../../', import.meta.url)
const pages = await allPages()

describe('the README', () => {
  it('is short, and shows something that runs at once', async () => {
    const lines = (await readPage('README.md')).trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(200)
    const fences = lines.flatMap((line, index) => (line.startsWith('```') ? [index + 1] : []))
    expect(fences.length).toBeGreaterThanOrEqual(4)
    // The component and the program that calls it.
    expect(fences[3]).toBeLessThanOrEqual(40)
  })

  it('leads to every page', async () => {
    const reached = new Set<string>()
    const walk = async (path: string): Promise<void> => {
      if (reached.has(path)) return
      reached.add(path)
      if (!path.endsWith('.md')) return
      for (const link of localLinks(await readPage(path))) await walk(relative(path, link))
    }
    await walk('README.md')
    expect(pages.filter((page) => !reached.has(page))).toEqual([])
  })
})

describe.each(pages)('%s', (path) => {
  it('links to what is there', async () => {
    const page = await readPage(path)
    expect(localLinks(page).filter((link) => !existsSync(new URL(relative(path, link), root)))).toEqual([])
  })

  it('links to headings that are there', async () => {
    const page = await readPage(path)
    const links = [...page.matchAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g)].map(([, file = '', fragment = '']) => ({
      file,
      fragment,
    }))
    const targets = await Promise.all(
      links.map(async ({ file }) => (file === '' ? page : readPage(relative(path, file)))),
    )
    expect(links.filter(({ fragment }, index) => !anchors(targets[index] ?? '').includes(fragment))).toEqual([])
  })

  it('names only files that are there', async () => {
    const page = await readPage(path)
    const named = [...page.matchAll(/`((?:src|workers|bench|test|docs)\/[\w./-]*[\w/-])(?::\d+)?`/g)].map(
      ([, file = '']) => file,
    )
    expect(named.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
  })

  it('names only scripts that are there', async () => {
    const { scripts } = JSON.parse(await readPage('package.json')) as { scripts: Record<string, string> }
    const page = await readPage(path)
    const run = [...page.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, script = '']) => script)
    expect(run.filter((script) => !(script in scripts))).toEqual([])
  })
})

/** The path from the top of what a page links to. */
function relative(page: string, link: string): string {
  return new URL(link, new URL(page, 'file:///')).pathname.slice(1)
}

/** The fragments that a page's headings have where it is shown. */
function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
