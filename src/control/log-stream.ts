import type { ServerResponse } from 'node:http'
import type { LogLine } from './log-line.ts'
import { valueOf } from './log-ring.ts'
import type { LogRing } from './log-ring.ts'

export interface LogQuery {
  /** Undefined: of all, and of none. */
  readonly component: string | undefined
  /** The lowest that is wanted. */
  readonly level: string
  /** Goes on with what comes. */
  readonly follow: boolean
}

/** What comes instead of lines that a reader was too slow for. */
export interface MissedLines {
  readonly missed: number
}

/** Bytes that a reader may be behind by. */
const mostBehind = 1024 ** 2

/** Sends lines as JSON, each on a line of its own. */
export function sendLog(response: ServerResponse, log: LogRing, { component, level, follow }: LogQuery): void {
  const isWanted = (line: LogLine): boolean =>
    valueOf(line.level) >= valueOf(level) && (component === undefined || line.component === component)
  const write = (line: LogLine | MissedLines): void => void response.write(`${JSON.stringify(line)}\n`)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // Whoever follows is to know that there is nothing yet.
  response.flushHeaders()
  for (const line of log.lines) if (isWanted(line)) write(line)
  if (!follow) {
    response.end()
    return
  }
  let missed = 0
  const following = log.follow((line) => {
    if (!isWanted(line)) return
    if (response.writableLength > mostBehind) {
      missed++
      return
    }
    if (missed > 0) write({ missed })
    missed = 0
    write(line)
  })
  response.on('close', () => following[Symbol.dispose]())
}
