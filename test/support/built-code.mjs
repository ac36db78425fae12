import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Workers and processes of tests run what is built of a source file, where there is such: as users do, and it is half of what they cost. A module of the
// sources is asked for by its own name all the same.
const root = new URL('../../', import.meta.url).href
const own = /^(?:src|workers)\/.*(?=\.(?:ts|cjs)$)/
/** @type {Map<string, string | undefined>} */
const known = new Map()

/** @param {string} url */
function builtOf(url) {
  if (!url.startsWith(root)) return undefined
  if (known.has(url)) return known.get(url)
  const [path] = own.exec(url.slice(root.length)) ?? []
  const files = path ? [`${root}dist/${path}.js`, `${root}dist/${path}.cjs`] : []
  const built = files.find((file) => existsSync(new URL(file)))
  known.set(url, built)
  return built
}

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    const url = builtOf(resolved.url)
    return url ? { ...resolved, url, format: url.endsWith('.cjs') ? 'commonjs' : 'module' } : resolved
  },
})
