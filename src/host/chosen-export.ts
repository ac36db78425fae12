import { initialiserOf } from '../contract/define-component.ts'
import { isClass } from './is-class.ts'

/**
 * What of a module's exports is the component. CommonJS has two ways of having a default export, and Node tells of neither: `module.exports` itself, and, in
 * what TypeScript, esbuild or Babel have made of an ES module, `exports.default` beside `exports.__esModule`.
 *
 * @param name of the export; '*' is the module itself.
 * @throws Error when there is no such export, naming those that there are.
 */
export function chosenExport(namespace: Namespace, name: string): unknown {
  const exported = find(namespace, name)
  if (exported === undefined || exported === null) throw new Error(missingExport(name, namespace))
  return exported
}

export type Namespace = Readonly<Record<string, unknown>>

function find(namespace: Namespace, name: string): unknown {
  const exports = commonJsExports(namespace)
  if (name === '*') return wholeOf(exports ? exports.value : namespace)
  if (!exports) return name === 'default' ? withoutInterop(namespace['default']) : namespace[name]
  if (name === 'default') return isTranspiled(exports.value) ? exports.value['default'] : exports.value
  // Node looks for names without running the module, and misses those that are not written out.
  return namespace[name] ?? ownProperty(exports.value, name)
}

/** Node gives each CommonJS module's namespace this name as well; an ES module may have one that says something else. */
const ofCommonJs = 'module.exports'

function commonJsExports(namespace: Namespace): { readonly value: unknown } | undefined {
  if (!(ofCommonJs in namespace) || namespace[ofCommonJs] !== namespace['default']) return undefined
  return { value: namespace['default'] }
}

/** It was an ES module, and what requires it is to see its default export as `exports.default`. */
function isTranspiled(exports: unknown): exports is Namespace {
  return ownProperty(exports, '__esModule') === true
}

/** Bundlers and `export default require(...)` make the default export of an ES module of all that a CommonJS module exports. */
function withoutInterop(exported: unknown): unknown {
  return isTranspiled(exported) ? (exported['default'] ?? exported) : exported
}

/**
 * Exports of transpiled modules may be getters, which no method may be; those of others keep their `this`. What a loader like tsx gives as the namespace of
 * such a module is those exports.
 */
function wholeOf(exports: unknown): unknown {
  return isTranspiled(exports) ? { ...exports } : exports
}

/** What every object or function inherits is no export. */
function ownProperty(exports: unknown, name: string): unknown {
  return isObject(exports) && Object.hasOwn(exports, name) ? exports[name] : undefined
}

function isObject(value: unknown): value is Namespace {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function missingExport(name: string, namespace: Namespace): string {
  const what = name === '*' ? 'no exports' : name === 'default' ? 'no default export' : `no export named "${name}"`
  const all = exportedNames(namespace)
  if (all.includes(name)) return `the module's ${nameOfExport(name)} is ${String(exportOf(namespace, name))}`
  const names = all.map(shown)
  if (names.length === 0) return `the module has ${what}; it exports nothing`
  const hint = name === 'default' ? `; ${whichToTake(all, namespace)}` : ''
  return `the module has ${what}; it exports ${names.join(', ')}${hint}`
}

function nameOfExport(name: string): string {
  return name === 'default' ? 'default export' : `export "${name}"`
}

/** A name may be any text, and empty. */
function shown(name: string): string {
  return /^[\w$]+$/.test(name) ? name : JSON.stringify(name)
}

/** Of all exports together only functions can be called: a class or a component among them is to be named. */
function whichToTake(names: readonly string[], namespace: Namespace): string {
  const [only = ''] = names
  if (names.length === 1 && isFactoryOrMethod(exportOf(namespace, only))) {
    return `\`export: '${only}'\` takes it as a factory, \`export: '*'\` as a method`
  }
  const named = names.find((name) => isComponentLike(exportOf(namespace, name)))
  if (named === undefined) return `\`export: '*'\` takes all of them`
  return `\`export: '${named}'\` takes ${names.length === 1 ? 'it' : "one of them, `export: '*'` all functions"}`
}

function isComponentLike(value: unknown): boolean {
  return initialiserOf(value) !== undefined || isClass(value)
}

function isFactoryOrMethod(value: unknown): boolean {
  return typeof value === 'function' && !isComponentLike(value)
}

function exportOf(namespace: Namespace, name: string): unknown {
  try {
    return find(namespace, name)
  } catch {
    // A getter of a CommonJS module may throw.
    return undefined
  }
}

/** By which names something of it could be asked for. */
function exportedNames(namespace: Namespace): string[] {
  const exports = commonJsExports(namespace)
  if (!exports) return Object.keys(namespace)
  const { value } = exports
  const names = new Set([...Object.keys(namespace), ...(isObject(value) ? Object.keys(value) : [])])
  for (const name of [ofCommonJs, '__esModule']) names.delete(name)
  if (value === undefined || value === null || (isTranspiled(value) && ownProperty(value, 'default') === undefined))
    names.delete('default')
  return [...names]
}
