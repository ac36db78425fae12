/**
 * A size in memory or on disk: a number of bytes, or a string with a unit: '512mb', '1.5 GiB'. Units are b, kb, mb, gb and tb, also written k, m, g
 * and kib, mib, gib, tib; all are binary (1 kb is 1,024 bytes), case is ignored. A string without a unit is refused.
 */
export type Size = number | string
