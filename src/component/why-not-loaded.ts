import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { headlineOf, messageOf } from '../contract/describe-value.ts'
import { isInstance } from '../contract/is-instance.ts'
import { filesOfThatName, isAlias, isTypeScript, moduleEndings } from './likely-meant.ts'

/**
 * What the error of a failed load says: what was thrown in the worker; and where that was Node's, which found no module or could not run it, what it was
 * asked for, and what helps.
 *
 * @param module as the worker was told it: a URL, or a specifier that could not be resolved.
 */
export function whyNotLoaded(cause: unknown, module: string): string {
  if (!isInstance(cause, Error)) return `it threw ${messageOf(cause)}`
  const { code } = cause as { readonly code?: unknown }
  const failure: Failure = { headline: headlineOf(cause), stack: messageOf(cause.stack), module, file: pathOf(module) }
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
      return notFound(failure)
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return unknownEnding(failure)
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
    case 'ERR_NO_TYPESCRIPT':
      return told(failure, notRun('TypeScript'))
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return told(failure, failure.headline.includes(`"${module}"`) ? 'data is no component: import it in one' : '')
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
    case 'ERR_INVALID_MODULE_SPECIFIER':
    case 'ERR_INVALID_PACKAGE_CONFIG':
    case 'ERR_INVALID_PACKAGE_TARGET':
    case 'ERR_PACKAGE_IMPORT_NOT_DEFINED':
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
    case 'ERR_UNKNOWN_BUILTIN_MODULE':
    case 'ERR_UNSUPPORTED_ESM_URL_SCHEME':
    case 'ERR_INVALID_FILE_URL_HOST':
    case 'ERR_INVALID_FILE_URL_PATH':
      return told(failure)
    default:
      if (code === undefined && isInstance(cause, SyntaxError)) return unparsed(failure)
      return /\bin ES module scope\b/.test(failure.headline)
        ? ofThatFile(failure)
        : failure.headline + deniedResource(cause)
  }
}

interface Failure {
  /** What was thrown: its name and message. */
  readonly headline: string
  readonly stack: string
  readonly module: string
  /** The module's path, where it has one. */
  readonly file: string | undefined
}

/** Node says which file it has failed over, which need not be the component's own; then that is named as well. */
function told({ headline, stack, module, file }: Failure, advice = ''): string {
  const place = /^\S.*:\d+$/m.exec(stack.split('\n', 1)[0] ?? '')?.[0]
  // Who has "imported" the component's own module is a file of ours.
  const isOwn = module.startsWith('file:') && headline.includes(`"${new URL(module).pathname}"`)
  const said = isOwn ? headline.replace(/ imported from [^]+$/, '') : headline
  const where = place === undefined ? said : `${said} (${place})`
  const isNamed = where.includes(file ?? module)
  return [where, ...(isNamed ? [] : [`option "module" is ${file ?? module}`]), ...(advice ? [advice] : [])].join('; ')
}

function notRun(what: string): string {
  return `this is ${what} that Node does not run by itself (it only removes types): \`execArgv: ['--import', 'tsx']\` in the definition compiles it as it is loaded, a build step does so beforehand`
}

function notFound(failure: Failure): string {
  const { headline, module, file } = failure
  const asked = /(?:module|package|import) '([^']+)'/.exec(headline)?.[1] ?? ''
  if (file !== undefined && asked === file) return ownNotFound(file, headline.includes('Directory import'))
  const importer = /(?: imported from |Require stack:\n- )([^\n]+)/.exec(headline)?.[1] ?? ''
  if (file === undefined && basename(importer) === 'package.json') return packageNotFound(module, dirname(importer))
  const line = headline.replace(/\nRequire stack:\n- ([^\n]+)[^]*$/, ' required by $1').replace(/\nDid you mean .*/, '')
  return told({ ...failure, headline: line }, asked && importer ? adviceOnImport(asked, importer) : '')
}

/** The importer would be a file of ours, which nobody has written the import in. */
function ownNotFound(file: string, isDirectory: boolean): string {
  const there = filesOfThatName(file)
  const hint = there.length > 0 ? `; there is ${there.join(', ')}` : ''
  const isLeft = isTypeScript(file)
    ? '; a build and a bundler leave URLs as they are: name the file that they make (docs/recipes/bundling.md)'
    : ''
  return isDirectory
    ? `option "module" is a directory, ${file}, and has to be a file${hint}`
    : `Cannot find module '${file}', which option "module" names${hint}${isLeft}`
}

/** What is neither a URL nor a path was looked up like a package, from the working directory of the worker. */
function packageNotFound(specifier: string, folder: string): string {
  const isFile = moduleEndings.includes(extname(specifier)) || filesOfThatName(join(folder, specifier)).length > 0
  const hint = isFile
    ? `a file is given as new URL('./${specifier}', import.meta.url)`
    : `what is installed for the program's file, and not there, is given as import.meta.resolve('${specifier}')`
  return `Cannot find package '${specifier}' imported from ${folder}, the working directory: that is what option "module" names; ${hint}`
}

function adviceOnImport(asked: string, importer: string): string {
  const isPath = /^[./]|^\w:/.test(asked)
  if (!isPath) {
    if (!isAlias(asked, importer)) return ''
    const alias = `'${asked}' is a path of tsconfig.json, which Node does not know of`
    const bundled = 'tsc leaves it as it is, a bundler or tsc-alias replaces it'
    if (!isTypeScript(importer)) return `${alias}: ${bundled}`
    return `${alias}: \`execArgv: ['--import', 'tsx']\` in the definition reads that file, ${bundled}`
  }
  const there = filesOfThatName(resolve(dirname(importer), asked))
  if (there.length === 0) return ''
  const hint = `there is ${there.join(', ')}`
  return there.some(isTypeScript)
    ? `${hint}; ${notRun('TypeScript')}`
    : `${hint}: in an ES module, import a file by its whole name`
}

function unknownEnding(failure: Failure): string {
  const [, ending = '', path = ''] = /extension "([^"]*)" for (.+)$/.exec(failure.headline) ?? []
  if (ending === '.jsx') return told(failure, notRun('JSX'))
  if (isTypeScript(path)) return told(failure, notRun(ending === '.tsx' ? 'TypeScript with JSX' : 'TypeScript'))
  return told(failure, path === failure.file ? `a component is a file of code: ${moduleEndings.join(', ')}` : '')
}

/** Node says why "this file" is an ES module, and not which it is. */
function ofThatFile({ headline, stack }: Failure): string {
  const [, place] = /^ {4}at .*?((?:file:\/\/|\/|\w:)[^()]*:\d+:\d+)\)?$/m.exec(stack) ?? []
  return place === undefined ? headline : `${headline} (${place})`
}

/** With Node's permission model: what it was that was denied. */
export function deniedResource(cause: unknown): string {
  const { code, permission, resource } = (typeof cause === 'object' && cause !== null ? cause : {}) as Record<
    string,
    unknown
  >
  if (code !== 'ERR_ACCESS_DENIED' || typeof resource !== 'string' || resource === '') return ''
  return ` (${String(permission)} of ${resource})`
}

/** V8 says nothing of the file when it is an ES module; what is parsed while the module runs, JSON say, has frames of that. */
function unparsed(failure: Failure): string {
  const [, path] = /^(?:file:\/\/)?(\/.*|\w:.*):\d+\n/.exec(failure.stack) ?? []
  const isOfLoader = /^ {4}at .*\(node:internal\/modules\//.test(
    failure.stack.slice(failure.stack.indexOf('\n    at ') + 1),
  )
  if (path === undefined && !isOfLoader) return failure.headline
  const advice = adviceOnSyntax(failure.headline, isTypeScript(path ?? failure.file ?? ''))
  const isUnknown =
    path === undefined && failure.file !== undefined && !/does not provide an export/.test(failure.headline)
  return told(
    failure,
    advice ||
      (isUnknown ? `the error is in it or in something that it imports: \`node ${failure.file}\` shows where` : ''),
  )
}

function adviceOnSyntax(headline: string, isTyped: boolean): string {
  const compiler = notRun('TypeScript')
  if (/Unexpected token 'export'|Cannot use import statement|'import\.meta'/.test(headline)) {
    const why = 'by its ending, or by "type" in its package.json, this is a CommonJS module'
    return isTyped ? `${why}; ${compiler}` : why
  }
  if (isTyped && /does not provide an export named/.test(headline)) {
    return `if that is a type, \`import type\` is the way; ${compiler}`
  }
  // What Node has left of TypeScript is JavaScript, but for what its parser knows and V8 does not.
  return isTyped && /Invalid or unexpected token/.test(headline) ? `if that is a decorator, ${compiler}` : ''
}

function pathOf(module: string): string | undefined {
  try {
    return fileURLToPath(module)
  } catch {
    // No URL of a file, or one that is no path.
    return undefined
  }
}
