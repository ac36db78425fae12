import { messageOf } from '../contract/describe-value.ts'
import { isSpillwayError } from '../contract/errors.ts'

/** An answer that says no. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'HttpError'
    this.status = status
    this.code = code
  }
}

/** What went wrong is whose fault: 4xx the asker's, 5xx ours. Others: 500. */
const statuses: Readonly<Record<string, number>> = {
  ERR_COMPONENT_NOT_FOUND: 404,
  ERR_INVALID_OPTIONS: 400,
  ERR_COMPONENT_FAILED: 409,
  ERR_CALL_TIMEOUT: 504,
  ERR_COMPONENT_LOAD_TIMEOUT: 504,
  ERR_INSUFFICIENT_MEMORY: 503,
  ERR_COORDINATOR_SHUTDOWN: 503,
  ERR_NO_HOST: 502,
}

export interface ErrorAnswer {
  readonly status: number
  readonly body: { readonly error: { readonly code: string; readonly message: string } }
}

export function toAnswer(error: unknown): ErrorAnswer {
  if (error instanceof HttpError) return answer(error.status, error.code, error.message)
  if (isSpillwayError(error)) return answer(statuses[error.code] ?? 500, error.code, error.message)
  // Fastify's own: a body that is no JSON, or too large.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'BAD_REQUEST'
    return answer(error.statusCode, code, error.message)
  }
  return answer(500, 'INTERNAL', messageOf(error))
}

function answer(status: number, code: string, message: string): ErrorAnswer {
  return { status, body: { error: { code, message } } }
}
