import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** A line of the file in which all hosts write down what they began. A line is appended whole, so the file has one order for all of them. */
export interface Entry {
  /** begun: a method began; written, refused: the store was asked to take what it came to, and asks for the newest token. */
  readonly what: 'begun' | 'written' | 'refused'
  readonly call: string
  readonly host: string
  /** Of the family; undefined for a component. */
  readonly key: string | undefined
  readonly token: number | undefined
  /** ms on the system's monotonic clock, the same for all processes of the machine; taken before anything else. */
  readonly at: number
}

export function append(file: string, entry: Entry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`)
}

export function readRecord(file: string): Entry[] {
  if (!existsSync(file)) return []
  // Its last line may be under way.
  const text = readFileSync(file, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry)
}

export const begun = (record: readonly Entry[]): Entry[] => record.filter(({ what }) => what === 'begun')

/** Calls that began more than once. */
function begunTwice(record: readonly Entry[]): string[] {
  const seen = new Set<string>()
  return begun(record).flatMap(({ call }) => (seen.has(call) ? [call] : (seen.add(call), [])))
}

/** Calls of a key that began after a call with a newer token had begun: at an owner that was none any more. */
function begunStale(record: readonly Entry[]): Entry[] {
  return Map.groupBy(
    begun(record).filter(({ token }) => token !== undefined),
    ({ key }) => key,
  )
    .values()
    .toArray()
    .flatMap((entries) => {
      const byToken = Map.groupBy(entries, ({ token = 0 }) => token)
      // From the newest owner back: when the first call of any that came after it began.
      let over = Number.POSITIVE_INFINITY
      return [...byToken]
        .toSorted(([one], [other]) => other - one)
        .flatMap(([, ofToken]) => {
          const stale = ofToken.filter(({ at }) => at > over)
          over = Math.min(over, ...ofToken.map(({ at }) => at))
          return stale
        })
    })
}

/** Calls of a key that began without a token. */
const begunWithoutToken = (record: readonly Entry[]): Entry[] =>
  begun(record).filter(({ key, token }) => key !== undefined && token === undefined)

/** What must never be in a record, whatever happened. */
export function violations(record: readonly Entry[]): string[] {
  return [
    ...begunTwice(record).map((call) => `${call} began twice`),
    ...begunStale(record).map((entry) => `began at an owner that was none any more: ${JSON.stringify(entry)}`),
    ...begunWithoutToken(record).map((entry) => `began without a token: ${JSON.stringify(entry)}`),
  ]
}
