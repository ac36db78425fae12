import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Node that this machine has besides those of the project, and that is older than what the package needs. */
export async function olderNode(oldest: number): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  for (const node of folders.map((folder) => join(folder, 'node')).filter((file) => existsSync(file))) {
    const { stdout } = await run(node, ['--version'])
    if (Number.parseInt(stdout.slice(1), 10) < oldest) return node
  }
  process.stdout.write(
    `NOT CHECKED on a real one: what is said by a Node older than ${oldest}. There is none on the PATH; one that pretends to be is asked.\n`,
  )
  return undefined
}

/** Arguments with which any Node says that it is this one. */
export function pretending(version: string): readonly string[] {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })
    Object.defineProperty(process, 'version', { value: 'v${version}' })`
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}

/** What comes of importing each of the arguments, and then of requiring it: JSON. */
export const importing = `
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const messages = {}
for (const specifier of process.argv.slice(2)) {
  const imported = await import(specifier).then(() => 'imported', (error) => error.message)
  let required
  try {
    required = require(specifier) && 'required'
  } catch (error) {
    required = error.message
  }
  messages[specifier] = [imported, required]
}
console.log(JSON.stringify(messages))
`
