import { extname } from 'node:path'

/** A file of the demo: TypeScript in the sources, JavaScript where it is built. @param path from here, without its extension. */
export function sibling(path: string): URL {
  return new URL(`${path}${extname(import.meta.filename)}`, import.meta.url)
}
