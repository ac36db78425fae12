/** What each component here offers: it takes native memory and keeps it. */
export interface Hoard {
  /** Takes about so many MiB. */
  hold(mib: number): Promise<void>
}
