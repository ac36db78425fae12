import nodeModule from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isModuleUrl } from './is-module-url.ts'

/**
 * The URL of a module that is given as a URL, a path or a package specifier: what `import` would make of it in a file of the working directory.
 *
 * @throws what `import` throws for a package that cannot be found, or does not export what is asked of it.
 */
export function moduleUrl(module: string): string {
  if (isModuleUrl(module)) return module
  // A path is none that would have to be decoded: `#`, `?` and `%` are characters like any other.
  if (isAbsolute(module) || /^\.\.?\//.test(module)) return pathToFileURL(resolve(module)).href
  return resolveFrom(pathToFileURL(join(process.cwd(), 'package.json')).href, module)
}

/**
 * `require.resolve` takes a package for CommonJS, which may be another file, or none; `import.meta.resolve` takes a base of one's own only behind a
 * flag (Node 24 and 26). So the base is put in its place for as long as this one specifier is resolved, which is synchronous. Made to CommonJS, as a bundle
 * may be, there is only `require.resolve`.
 */
function resolveFrom(base: string, specifier: string): string {
  if (typeof import.meta.resolve !== 'function')
    return pathToFileURL(nodeModule.createRequire(base).resolve(specifier)).href
  const hooks = nodeModule.registerHooks({
    resolve: (asked, context, next) => next(asked, { ...context, parentURL: base }),
  })
  try {
    return import.meta.resolve(specifier)
  } finally {
    hooks.deregister()
  }
}
