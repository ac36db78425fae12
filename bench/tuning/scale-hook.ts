/** Preloaded with `--import`: multiplies one constant of src/memory/tuning.ts, named by SPILLWAY_SCALE=<name>=<factor>, as it is imported. */
import { registerHooks } from 'node:module'

const [name = '', factor = '1'] = (process.env['SPILLWAY_SCALE'] ?? '').split('=')

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context)
    if (!url.endsWith('/src/memory/tuning.ts') || name === '') return result
    const source = String(result.source)
    const scaled = source.replace(new RegExp(`(export const ${name} = )([^\\n{]+)\\n`), `$1(${'$2'}) * ${factor}\n`)
    const inside = scaled.replace(
      new RegExp(`(export const ${name} = )(\\{[^\\n]+\\}) as const`),
      (_, head: string, body: string) => head + body.replaceAll(/(\d[\d_.]*)/g, `$1 * ${factor}`),
    )
    if (inside === source) throw new Error(`No constant ${name} in ${url}`)
    return { ...result, source: inside }
  },
})
