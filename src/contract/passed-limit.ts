/** A memory limit for which a worker was ended: the component's own, its family's, or that of all together. */
export interface PassedLimit {
  readonly which: 'own' | 'family' | 'total'
  /** Bytes. */
  readonly limit: number
  /** Bytes that were held against it: by the component, its family, or all. */
  readonly held: number
}

/** Bytes of heap and external memory of a worker in which nothing is loaded (Node 24 and 26, threads and processes: 7.8 to 10.4 MB). */
const emptyWorker = { least: 7_800_000, most: 10_400_000 }

/** Bytes: less is a limit in the wrong unit. What is not is told of when it is passed. */
export const smallestMemoryLimit = 1024 ** 2

/**
 * What errors say of it. Undefined: it is not known.
 *
 * @param when in what of its life it was, as ' while loading'.
 */
export function passedLimit(passed: PassedLimit | undefined, when = ''): string {
  if (!passed) return `its worker passed its memory limit${when} and was ended`
  const limit = mib(passed.limit)
  const held = mib(passed.held)
  switch (passed.which) {
    case 'own':
      return `its worker passed its memory limit of ${limit}${when} (it held ${held}) and was ended${noteOf(passed)}`
    case 'family':
      return `its worker was ended${when}: it held more than its share when its family, at ${held}, passed the limit of ${limit}`
    case 'total':
      return `its worker was ended${when}: it had taken most when all together, at ${held}, passed the limit of ${limit}`
  }
}

/** Where that is no fault of what is loaded. */
function noteOf({ limit }: PassedLimit): string {
  if (limit > 2 * emptyWorker.most) return ''
  return `; an empty worker alone holds ${mib(emptyWorker.least)} to ${mib(emptyWorker.most)}`
}

export const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
