import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

const folder = new URL('../peers/', import.meta.url)

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
  process.stderr.write(`installing ${Object.keys(dependencies).join(', ')} into bench/peers ...\n`)
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  const [code] = await once(npm, 'exit')
  if (code !== 0) throw new Error(`npm ci in bench/peers failed with code ${code}`)
}

/** Of all that is compared, by name. */
export async function versionsOfPeers(): Promise<Record<string, string>> {
  const { dependencies = {} } = await readPackage('package.json')
  const files = {
    spillway: '../../package.json',
    comlink: '../../node_modules/comlink/package.json',
    piscina: '../../node_modules/piscina/package.json',
    ...Object.fromEntries(Object.keys(dependencies).map((name) => [name, `node_modules/${name}/package.json`])),
  }
  const all = Object.entries(files).map(async ([name, file]) => [name, (await readPackage(file)).version ?? ''])
  return Object.fromEntries(await Promise.all(all)) as Record<string, string>
}

async function readPackage(file: string): Promise<Package> {
  return JSON.parse(await readFile(new URL(file, folder), 'utf8')) as Package
}
