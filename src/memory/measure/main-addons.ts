import nodeModule from 'node:module'

/** That of all modules in this thread, wherever it is asked for. Bundlers (webpack) take a `createRequire` that is imported by name for theirs to resolve. */
const { cache } = nodeModule.createRequire(process.execPath)

/** Ours, where there is no other way to reach the allocator; it keeps no memory. */
const own = /[\\/]koffi(?:-[^\\/]+)?[\\/]/

/** Whether this thread has loaded a native addon, which may keep memory that no isolate shows. */
export const hasAddons = (): boolean => Object.keys(cache).some((path) => path.endsWith('.node') && !own.test(path))
