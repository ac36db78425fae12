import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { userInfo } from 'node:os'
import { messageOf } from '../contract/describe-value.ts'
import { isListening } from '../control/socket-file.ts'
import { CliError, exitCodes } from './exit-codes.ts'

/** ms for the first word of an answer that needs no work of the program. */
export const usualPatience = 5_000

export interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly body?: object
  /** ms until the answer begins; none: as long as it takes. */
  readonly patience?: number
  readonly signal?: AbortSignal
}

/** Asks a program something, over its socket. @throws CliError with what it said no with, or why there was no answer. */
export async function ask(socketPath: string, path: string, asked: Asked = {}): Promise<IncomingMessage> {
  const response = await send(socketPath, path, asked)
  if (response.statusCode === 200) return response
  const { error } = (await bodyOf(response).catch(() => ({}))) as { error?: { message?: unknown } }
  const said = typeof error?.message === 'string' ? error.message : `it answered ${response.statusCode}`
  throw new CliError(said, exitCodes.failed)
}

/** The same for an answer that is JSON as a whole. */
export async function askJson<T>(socketPath: string, path: string, asked?: Asked): Promise<T> {
  return (await bodyOf(await ask(socketPath, path, asked))) as T
}

/** Answers a program that asks whether somebody still reads. Unheard, it may give the place to somebody else. */
export function answerAlive(socketPath: string, viewer: string): void {
  askJson(socketPath, `/viewers/${inPath(viewer)}`, { method: 'POST', patience: usualPatience }).catch(() => {})
}

/** The component's part of a path. */
export const inPath = (component: string): string => encodeURIComponent(component)

async function send(
  socketPath: string,
  path: string,
  { method = 'GET', body, patience, signal }: Asked,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const text = body && JSON.stringify(body)
  const headers = {
    'x-spillway-by': `${userName()} ${process.pid}`,
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  }
  const asking = request({ socketPath, path, method, headers, agent: false, ...(signal && { signal }) }, resolve)
  const timer =
    patience === undefined
      ? undefined
      : setTimeout(
          () =>
            asking.destroy(
              new Error(
                `the program did not answer within ${patience / 1_000} s: it is stopped, or its main thread is busy`,
              ),
            ),
          patience,
        )
  asking.on('error', reject)
  asking.end(text)
  try {
    return await promise
  } catch (error) {
    if (signal?.aborted === true) throw error
    const isThere = wasCutOff(error) && (await isListening(socketPath))
    const why = isThere ? 'the program takes no more connections: too many are attached already' : whyUnreached(error)
    throw new CliError(why, exitCodes.failed, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function bodyOf(response: IncomingMessage): Promise<unknown> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response as AsyncIterable<string>) text += chunk
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new CliError(whyUnreached(error), exitCodes.failed, { cause: error })
  }
}

function whyUnreached(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'the program is not there any more'
  if (wasCutOff(error)) return 'the program ended before it had answered'
  if (code === 'EACCES' || code === 'EPERM') return 'its socket belongs to somebody else'
  return messageOf(error)
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

function wasCutOff(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(codeOf(error))
}

function userName(): string {
  try {
    return userInfo().username.replaceAll(/[^\w.@-]/g, '_')
  } catch {
    // A number without a name, as in containers.
    return `uid ${process.getuid?.()}`
  }
}
