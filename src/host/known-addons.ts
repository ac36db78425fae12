/** A package whose addon does not bear what threads of one process do, as was measured on Node 24.21 and 26.10, Linux x64. */
export interface KnownAddon {
  readonly name: string
  /** That it was seen with. Later ones are taken to be the same until they are measured. */
  readonly versions: string
  /** What it does not bear: to be loaded a second time, even after the first thread has ended; or that a thread is ended while it works. */
  readonly fault: 'second load' | 'end at work'
  /** What that comes to. */
  readonly effect: string
  readonly source: string
}

/** Compared with docs/native.md, which also says what was measured and is not here. */
export const knownAddons: readonly KnownAddon[] = [
  {
    name: '@swc/core',
    versions: '1.16.22',
    fault: 'second load',
    effect: 'the process ends with SIGSEGV',
    source: 'swc-project/swc#2276',
  },
  {
    name: '@parcel/watcher',
    versions: '2.6.0',
    fault: 'second load',
    effect:
      'it fails ("Module did not self-register"); after an unload with a subscription open the process ends with SIGSEGV',
    source: 'measured',
  },
  {
    name: '@duckdb/node-bindings',
    versions: '1.5.6-r.1',
    fault: 'end at work',
    effect: 'the process ends with SIGABRT when that is during a query',
    source: 'measured',
  },
  {
    name: 'onnxruntime-node',
    versions: '1.30.0',
    fault: 'end at work',
    effect: 'the process ends with SIGABRT when that is while a session runs',
    source: 'measured',
  },
]

/** The build of a package for one platform is a package of its own: `@swc/core-linux-x64-gnu`. */
const platformSuffix = /-(?:linux|darwin|win32|freebsd|openharmony|android)-[\w-]+$/

/**
 * Whether what has loaded these addons may be loaded into a thread again.
 *
 * @param addons as `info().addons` has them: `name@version`, or a path.
 * @returns else the first of those that are known.
 */
export function bearsReload(
  addons: Iterable<string>,
): { readonly ok: true } | { readonly ok: false; readonly addon: string; readonly fault: KnownAddon['fault'] } {
  for (const addon of addons) {
    const known = knownAddons[knownAddon(addon) ?? -1]
    if (known) return { ok: false, addon, fault: known.fault }
  }
  return { ok: true }
}

/** Whether a thread with one of these in it may take the process along when it is ended while that works. @param addons as above. */
export function mayNotBeCutShort(addons: Iterable<string>): boolean {
  for (const addon of addons) if (knownAddons[knownAddon(addon) ?? -1]?.fault === 'end at work') return true
  return false
}

/** Its place in the list; undefined: it is not there. @param addon as above. */
export function knownAddon(addon: string): number | undefined {
  const name = addon.replace(/(?<=.)@[^@/\\]*$/, '').replace(platformSuffix, '')
  const index = knownAddons.findIndex((known) => known.name === name)
  return index === -1 ? undefined : index
}
