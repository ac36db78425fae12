import { misused, numberBetween, parseCommand, programId } from '../arguments.ts'
import type { ProgramId } from '../arguments.ts'
import type { CliError } from '../exit-codes.ts'
import { sortKeys } from './rows.ts'
import type { SortKey } from './rows.ts'

/** What is looked at: a dashboard, or a program of this user's by its socket. */
export type TopTarget =
  | { readonly kind: 'dashboard'; readonly url: URL; readonly token: string | undefined }
  | { readonly kind: 'program'; readonly id: ProgramId | undefined }

export interface TopOptions {
  readonly target: TopTarget
  /** ms between two frames, at least. */
  readonly interval: number
  /** One frame, and the end. */
  readonly once: boolean
  readonly sort: SortKey
  /** Of its cluster. */
  readonly host: string | undefined
  /** Frames are JSON. */
  readonly json: boolean
}

export const topUsage = `spillway top [pid | url] [options]

The components of a running program, live: of the only one there is, of a process (spillway ps), or by the URL of a dashboard: npx spillway top http://127.0.0.1:8080

  --sort <by>        memory (what they hold), growth, errors, cpu or name; memory
  --host <name>      the table has the components of that host of its cluster alone
  --interval <s>     seconds between two frames, 1
  --once             prints one frame and ends
  --json             each frame as JSON, on a line of its own
  --token <token>    where the dashboard asks for one; or SPILLWAY_TOKEN, which other users of the machine do not see
  --help

On a terminal it redraws in place until Ctrl-C or q: m, g, e, c and n sort, f unfolds families and copies, arrows scroll. Elsewhere it prints a frame below
the other.
Exit codes: 0 as wanted, 1 nothing could be read, 2 the command makes no sense.
`

/**
 * @param environment where SPILLWAY_TOKEN is.
 * @returns undefined when only the usage was asked for.
 * @throws CliError
 */
export function parseTopOptions(args: readonly string[], environment: NodeJS.ProcessEnv): TopOptions | undefined {
  const { values, positionals } = parseCommand('top', args, {
    token: { type: 'string' },
    sort: { type: 'string', default: 'memory' },
    interval: { type: 'string', default: '1' },
    host: { type: 'string' },
    once: { type: 'boolean', default: false },
  })
  if (values.help) return undefined
  const [address, ...more] = positionals
  if (more.length > 0) throw wrong(`it takes one process or URL, and was given ${positionals.length}`)
  const sort = sortKeys.find((key) => key === values.sort)
  if (!sort) throw wrong(`--sort is one of ${sortKeys.join(', ')}, not "${values.sort}"`)
  const interval = 1_000 * numberBetween('top', 'interval', values.interval, 0.1, 3_600)
  const { once, json, token, host } = values
  if (host === '') throw wrong('--host is the name of a host, and is empty')
  return { target: targetOf(address, token, environment), interval, once, sort, json, host }
}

function targetOf(address: string | undefined, token: string | undefined, environment: NodeJS.ProcessEnv): TopTarget {
  const id = programId(address ?? '')
  if (address !== undefined && !id) {
    const { url, token: linked } = parseAddress(address)
    return { kind: 'dashboard', url, token: token ?? linked ?? environment['SPILLWAY_TOKEN'] }
  }
  if (token !== undefined) throw wrong('--token is for the URL of a dashboard')
  return { kind: 'program', id }
}

/** A link with the token in its fragment, as programs print it for browsers, will do as well. */
function parseAddress(address: string): { readonly url: URL; readonly token: string | undefined } {
  const url = URL.parse(address)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw wrong(
      `"${address}" is neither a process nor a URL that begins with http:// or https://, such as http://127.0.0.1:8080`,
    )
  }
  if (url.username !== '' || url.password !== '') throw wrong('the URL holds a user name: use --token')
  const token = /^#token=([^&]+)$/.exec(url.hash)?.[1]
  return { url: new URL('./', `${url.origin}${url.pathname}`), token: token && decodeURIComponent(token) }
}

const wrong = (problem: string): CliError => misused('top', problem)
