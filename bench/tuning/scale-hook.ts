/** Preloaded with `--import`: multiplies one constant of src/memory/tuning.ts, named by SPILLWAY_SCALE=<name>=<factor>, as it is imported. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const [name = '', factor = '1'] = (process.env['SPILLWAY_SCALE'] ?? '').split('=')

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context)
    if (!url.endsWith('/src/memory/tuning.ts') || name === '') return result
    const source = readFileSync(fileURLToPath(url), 'utf8')
    const definition = new RegExp(`^(export const ${name} = )([^\\n]*?)( as const)?$`, 'm')
    const scaled = source.replace(
      definition,
      (_, head: string, value: string, end = '') =>
        // Of several values each is multiplied.
        head +
        (value.startsWith('{') ? value.replaceAll(/\d[\d_.]*/g, `$& * ${factor}`) : `(${value}) * ${factor}`) +
        end,
    )
    if (scaled === source) throw new Error(`No constant ${name} in ${url}`)
    return { ...result, source: scaled }
  },
})
