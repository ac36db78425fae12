import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

const folder = new URL('peers/', import.meta.url)

interface Package {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Installs what only this comparison needs, where it is missing or of another version; needs the npm registry for that. */
export async function installPeers(): Promise<void> {
  const { dependencies = {} } = await readPackage('package.json')
  const installed = await Promise.all(
    Object.entries(dependencies).map(async ([name, version]) => {
      const found = await readPackage(`node_modules/${name}/package.json`).catch((): Package => ({}))
      return found.version === version
    }),
  )
  if (installed.every(Boolean)) return
  process.stderr.write(`installing ${Object.keys(dependencies).join(', ')} into bench/host/peers ...\n`)
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  const [code] = await once(npm, 'exit')
  if (code !== 0) throw new Error(`npm ci in bench/host/peers failed with code ${code}`)
}

async function readPackage(file: string): Promise<Package> {
  return JSON.parse(await readFile(new URL(file, folder), 'utf8')) as Package
}
