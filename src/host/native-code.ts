/** Node's own modules whose native code keeps memory that V8 does not count, as the list of what is loaded names them. */
const keepers: ReadonlySet<string> = new Set(['Internal Binding sqlite', 'Internal Binding ffi'])

/** Node has this list and does not document it; without it SQLite is not noticed, and its memory is doubtful. */
interface Loaded {
  readonly moduleLoadList?: readonly string[]
}

/**
 * Notices native code in this thread that may keep memory of its own: an addon as it is loaded, Node's SQLite and FFI when it is looked for.
 *
 * @param found called once.
 * @returns looks, which costs next to nothing while nothing has been loaded since the last time.
 */
export function watchNativeCode(found: () => void): () => void {
  const load = process.dlopen.bind(process)
  let isFound = false
  const find = (): void => {
    if (!isFound) found()
    isFound = true
  }
  process.dlopen = (...args: Parameters<typeof load>): void => {
    find()
    load(...args)
  }
  let seen = 0
  return () => {
    const { moduleLoadList: list = [] } = process as Loaded
    if (isFound || list.length === seen) return
    for (; seen < list.length; seen++) if (keepers.has(list[seen] ?? '')) find()
  }
}
