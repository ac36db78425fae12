import type { LoadCause } from '../contract/load-cause.ts'

/** Why a component was loaded, as the end of "loaded ...". */
export function loadWords({ by, of }: LoadCause): string {
  switch (by) {
    case 'call':
      return of === null ? 'for a call of the main thread' : `for a call of "${of}"`
    case 'dependency':
      return `because "${of}" is loaded, which needs it`
    case 'request':
      return 'because it was asked for by name'
    case 'busy-copies':
      return 'because its other copies have as many calls as they take'
    case 'recycle':
      return 'to take the place of another generation'
  }
}
