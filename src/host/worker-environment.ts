import nodeModule from 'node:module'
import type { EnvironmentChange } from './environment-change.ts'

/**
 * The environment a worker is started with: what it is given, the variables that it names, or a copy of this process's as it is now. Workers do not inherit the compile cache of
 * the main thread; their environment can name it.
 */
export function workerEnvironment(given?: NodeJS.ProcessEnv | readonly string[]): Readonly<NodeJS.ProcessEnv> {
  const env = isList(given) ? only(given) : { ...(given ?? process.env) }
  const cache = nodeModule.getCompileCacheDir()
  if (cache !== undefined) env['NODE_COMPILE_CACHE'] ??= cache
  return env
}

function only(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    // `process.env` inherits from Object.prototype, which has no variables.
    names.filter((name) => Object.hasOwn(process.env, name)).map((name) => [name, process.env[name]]),
  )
}

function isList(given: NodeJS.ProcessEnv | readonly string[] | undefined): given is readonly string[] {
  return Array.isArray(given)
}

/** Node reads its own variables when a thread starts, and V8 the time zone when it is first asked for it: they cannot be changed later. */
export function needsNewThread(change: EnvironmentChange): boolean {
  return Object.keys(change).some((name) => name === 'TZ' || name.startsWith('NODE_'))
}

/** The loader, the allocator, libuv, OpenSSL and ICU read theirs when a process starts. */
export function needsNewProcess(change: EnvironmentChange): boolean {
  return (
    needsNewThread(change) ||
    Object.keys(change).some((name) => /^(?:LD|DYLD|MALLOC|UV|OPENSSL|SSL|LC)_|^LANG$/.test(name))
  )
}
