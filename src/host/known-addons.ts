/** A package whose addon does not bear to be loaded a second time into a thread of one process, as was measured on Node 24.21 and 26.10, Linux x64. */
export interface KnownAddon {
  readonly name: string
  /** That it was seen with. Later ones are taken to be the same until they are measured. */
  readonly versions: string
  /** What the second load comes to. */
  readonly effect: string
  readonly source: string
}

/** Compared with docs/native.md, which also says what was measured and is not here. */
export const knownAddons: readonly KnownAddon[] = [
  {
    name: '@swc/core',
    versions: '1.16.22',
    effect: 'the process ends with SIGSEGV',
    source: 'swc-project/swc#2276',
  },
  {
    name: '@parcel/watcher',
    versions: '2.6.0',
    effect:
      'it fails ("Module did not self-register"); after an unload with a subscription open the process ends with SIGSEGV',
    source: 'measured',
  },
]

/** The build of a package for one platform is a package of its own: `@swc/core-linux-x64-gnu`. */
const platformSuffix = /-(?:linux|darwin|win32|freebsd|openharmony|android)-[\w-]+$/

/**
 * Whether what has loaded these addons may be loaded into a thread again.
 *
 * @param addons as `info().addons` has them: `name@version`, or a path.
 * @returns else the first of those that do not bear it.
 */
export function bearsReload(
  addons: Iterable<string>,
): { readonly ok: true } | { readonly ok: false; readonly addon: string } {
  for (const addon of addons) if (knownAddon(addon) !== undefined) return { ok: false, addon }
  return { ok: true }
}

/** Its place in the list; undefined: it is not there. @param addon as above. */
export function knownAddon(addon: string): number | undefined {
  const name = addon.replace(/(?<=.)@[^@/\\]*$/, '').replace(platformSuffix, '')
  const index = knownAddons.findIndex((known) => known.name === name)
  return index === -1 ? undefined : index
}
