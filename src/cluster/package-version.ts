import nodeModule from 'node:module'

/** This package's own version; '0.0.0' where it is part of somebody's bundle. */
export function packageVersion(): string {
  try {
    const { version } = nodeModule.createRequire(import.meta.url)('spillway/package.json') as {
      readonly version: string
    }
    return version
  } catch {
    return '0.0.0'
  }
}
