import { encodeError } from '../channel/error-codec.ts'
import { flatError } from '../channel/flat-error.ts'
import type { EncodedError } from '../channel/protocol.ts'
import { isSmall } from '../channel/plain-copy.ts'
import type { Transport } from '../channel/transport.ts'
import { ValueError } from '../contract/errors.ts'
import type { FromWorkerMessage, LogRecord } from './control.ts'

/**
 * What stands for a message of the worker's where the main thread cannot read it (nested deeper than its stack is, say); undefined for one that any
 * thread can read.
 */
export function insteadOf(component: string, message: FromWorkerMessage): FromWorkerMessage | undefined {
  switch (message.type) {
    case 'load-failed':
    case 'snapshot-failed':
    case 'disposed':
    case 'inspected':
    case 'uncaught': {
      const { error } = message
      const readable = error && readableError(component, error)
      return readable && readable !== error ? { ...message, error: readable } : undefined
    }
    case 'metrics':
      return isSmall(message.metrics) ? undefined : { ...message, metrics: undefined }
    case 'log': {
      const records = message.records.map(readableRecord)
      return records.every((record, at) => record === message.records[at]) ? undefined : { ...message, records }
    }
    default:
      return undefined
  }
}

/** Posts a message of the worker's, or what stands for it: whatever is in it, the main thread hears of it. */
export function postReadable(control: Transport, component: string, message: FromWorkerMessage): void {
  const instead = insteadOf(component, message)
  if (instead) control.post({ type: 'instead', message: instead } satisfies FromWorkerMessage)
  try {
    control.post(message)
  } catch (error) {
    // There is something in it that can go to another thread, and not to another process. Whoever sends metrics says so.
    if (!instead || message.type === 'metrics') throw error
    control.post(instead)
  }
}

/** The error without what another thread may be unable to read; the same one when there is nothing of that kind. */
export function readableError(component: string, error: EncodedError): EncodedError {
  return (
    flatError(error) ??
    encodeError(new ValueError(component, 'thrown value', 'could not be read by another thread'), component)
  )
}

function readableRecord(record: LogRecord): LogRecord {
  const fields = Object.entries(record.fields)
  const kept = fields.filter(([, value]) => isSmall(value))
  return kept.length === fields.length ? record : { ...record, fields: Object.fromEntries(kept) }
}
