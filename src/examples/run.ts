/* Runs one example: node src/examples/run.ts <name>. Without a name it lists them. */
import { readdirSync } from 'node:fs'
import { basename, extname } from 'node:path'

const extension = extname(import.meta.filename)
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts') && file !== basename(import.meta.filename))
  .map((file) => basename(file, extension))
const [name] = process.argv.slice(2)

if (name !== undefined && names.includes(name)) {
  // What the coordinator logs is for operators; here it would only be in the way.
  process.env['SPILLWAY_LOG_LEVEL'] ??= 'silent'
  await import(new URL(`${name}${extension}`, import.meta.url).href)
} else {
  console.log(`${name === undefined ? '' : `There is no example "${name}". `}Examples:`)
  for (const each of names) console.log(`  npm run example -- ${each}`)
  if (name !== undefined) process.exitCode = 1
}
