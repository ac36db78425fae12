import type { ServerResponse } from 'node:http'
import type { Place } from '../live/places.ts'
import type { LogLine } from './log-line.ts'
import { valueOf } from './log-ring.ts'
import type { LogRing } from './log-ring.ts'

export interface LogQuery {
  /** Undefined: of all, and of none. */
  readonly component: string | undefined
  /** The lowest that is wanted. */
  readonly level: string
}

/** What comes instead of lines that a reader was too slow for. */
export interface MissedLines {
  readonly missed: number
}

/** Whoever follows is asked whether it still reads, and answers by that id. */
export interface AskedAlive {
  readonly alive: string
}

/** Bytes that a reader may be behind by. */
const mostBehind = 1024 ** 2

/** Sends the lines there are as JSON, each on a line of its own. */
export function sendLog(response: ServerResponse, log: LogRing, query: LogQuery): void {
  begin(response, log, query)
  response.end()
}

/** The same, and those that come. @param place given back when the reader leaves; by it the reader is asked whether it still reads. */
export function followLog(response: ServerResponse, log: LogRing, query: LogQuery, place: Place): void {
  response.on('close', () => place[Symbol.dispose]())
  place.holder = {
    ask: () => writeLine(response, { alive: place.id }),
    leave: () => void response.destroy(),
  }
  begin(response, log, query)
  let missed = 0
  const following = log.follow((line) => {
    if (!isWanted(line, query)) return
    if (response.writableLength > mostBehind) {
      missed++
      return
    }
    if (missed > 0) writeLine(response, { missed })
    missed = 0
    writeLine(response, line)
  })
  response.on('close', () => following[Symbol.dispose]())
}

function begin(response: ServerResponse, log: LogRing, query: LogQuery): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // Whoever follows is to know that there is nothing yet.
  response.flushHeaders()
  for (const line of log.lines) if (isWanted(line, query)) writeLine(response, line)
}

function isWanted(line: LogLine, { component, level }: LogQuery): boolean {
  return valueOf(line.level) >= valueOf(level) && (component === undefined || line.component === component)
}

function writeLine(response: ServerResponse, line: LogLine | MissedLines | AskedAlive): void {
  response.write(`${JSON.stringify(line)}\n`)
}
