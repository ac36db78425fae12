import { messageOf } from '../../contract/describe-value.ts'
import { parseArgs } from 'node:util'
import { CliError, exitCodes } from '../exit-codes.ts'

export interface TopOptions {
  /** Where the dashboard is; ends with a slash. */
  readonly url: URL
  readonly token: string | undefined
  /** ms between two frames, at least. */
  readonly interval: number
  /** One frame, and the end. */
  readonly once: boolean
}

export const topUsage = `spillway top <url> [options]

The components of a running program, live, as its dashboard has them: npx spillway top http://127.0.0.1:8080

  --token <token>    where the dashboard asks for one; or SPILLWAY_TOKEN, which other users of the machine do not see
  --interval <s>     seconds between two frames, 1
  --once             prints one frame and ends
  --help

On a terminal it redraws in place until Ctrl-C or q; elsewhere it prints a frame below the other.
Exit codes: 0 as wanted, 1 the dashboard could not be read, 2 the command makes no sense.
`

/**
 * @param environment where SPILLWAY_TOKEN is.
 * @returns undefined when only the usage was asked for.
 * @throws CliError
 */
export function parseTopOptions(args: readonly string[], environment: NodeJS.ProcessEnv): TopOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [address, ...more] = positionals
  if (address === undefined) throw wrong('it needs the URL of a dashboard')
  if (more.length > 0) throw wrong(`it takes one URL, and was given ${positionals.length}`)
  const seconds = Number(values.interval)
  if (!(seconds >= 0.1 && seconds <= 3_600)) {
    throw wrong(`--interval is a number of seconds from 0.1 to 3600, not "${values.interval}"`)
  }
  const { url, token } = parseAddress(address)
  return {
    url,
    token: values.token ?? token ?? environment['SPILLWAY_TOKEN'],
    interval: seconds * 1_000,
    once: values.once,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        token: { type: 'string' },
        interval: { type: 'string', default: '1' },
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw wrong(messageOf(error))
  }
}

/** A link with the token in its fragment, as programs print it for browsers, will do as well. */
function parseAddress(address: string): { readonly url: URL; readonly token: string | undefined } {
  const url = URL.parse(address)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw wrong(`"${address}" is no URL that begins with http:// or https://, such as http://127.0.0.1:8080`)
  }
  if (url.username !== '' || url.password !== '') throw wrong('the URL holds a user name: use --token')
  const token = /^#token=([^&]+)$/.exec(url.hash)?.[1]
  return { url: new URL('./', `${url.origin}${url.pathname}`), token: token && decodeURIComponent(token) }
}

const wrong = (problem: string): CliError => new CliError(`top: ${problem} (spillway top --help)`, exitCodes.usage)
