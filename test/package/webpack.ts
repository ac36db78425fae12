import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '5.113.0'

/** Makes what the configuration in the working directory and its argument say, and prints what it has to say of that. */
const make = `
import { pathToFileURL } from 'node:url'
import webpack from 'webpack'
const { default: config } = await import(pathToFileURL('webpack.config.js').href)
webpack({ context: process.cwd(), ...config, ...JSON.parse(process.argv[2]) }, (error, stats) => {
  console.log(error ?? stats.toString('errors-warnings'))
  process.exitCode = error || stats.hasErrors() ? 1 : 0
})
`

/** 38 MB that nothing else here needs: installed for its tests alone. @returns false where no registry can be reached */
export async function installWebpack(home: string): Promise<boolean> {
  const folder = join(home, 'webpack')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  await writeFile(join(folder, 'make.mjs'), make)
  try {
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1']
    await run('npm', ['install', ...flags, `webpack@${version}`], { cwd: folder, timeout: 120_000 })
    return true
  } catch (error) {
    process.stdout.write(`NOT CHECKED: bundles by webpack. It could not be installed: ${String(error)}\n`)
    return false
  }
}
