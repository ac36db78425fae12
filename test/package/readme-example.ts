import { readFile } from 'node:fs/promises'

export interface ExampleFile {
  readonly name: string
  readonly code: string
}

/** The files of the README's first example: code blocks that begin with a comment of the file's name, up to the next heading. */
export async function readExample(readme: URL): Promise<ExampleFile[]> {
  const text = await readFile(readme, 'utf8')
  const section = text.slice(0, text.indexOf('\n## '))
  return [...section.matchAll(/^```ts\n(\/\/ ([\w./-]+\.ts)\b[^]*?)^```$/gm)].map(([, code = '', name = '']) => ({
    name,
    code,
  }))
}

/** All files of a page, with its settings for the compiler. */
export async function readProject(page: URL): Promise<ExampleFile[]> {
  const text = await readFile(page, 'utf8')
  const settings = /^```json\n([^]*?)^```$/m.exec(text)?.[1] ?? ''
  const files = [...text.matchAll(/^```ts\n(\/\/ ([\w./-]+\.ts)\b[^]*?)^```$/gm)]
  return [{ name: 'tsconfig.json', code: settings }, ...files.map(([, code = '', name = '']) => ({ name, code }))]
}

/** The same files under the names they have when they are compiled; relative imports and URLs of modules follow. */
export function asJavaScript(code: string): string {
  return code.replaceAll(/'(\.[^']*)\.ts'/g, "'$1.js'")
}
