/** The server answered, and what it said will not change by asking again, unless `passing`. */
export class DashboardRefusal extends Error {
  readonly passing: boolean

  constructor(message: string, passing = false) {
    super(message)
    this.name = 'DashboardRefusal'
    this.passing = passing
  }

  static noDashboard(): DashboardRefusal {
    return new DashboardRefusal(
      'that is no Spillway dashboard: give the URL that createDashboard(...).start() returned',
    )
  }

  static async of(response: Response): Promise<DashboardRefusal> {
    const { status } = response
    const told = await messageIn(response)
    switch (status) {
      case 401:
        return new DashboardRefusal('the dashboard asks for its token, or for another one: --token or SPILLWAY_TOKEN')
      case 421:
        return new DashboardRefusal(
          'the dashboard does not go by the name in the URL: use its address, or add the name to its option allowedHosts',
        )
      case 404:
        return DashboardRefusal.noDashboard()
      case 429:
        return new DashboardRefusal(`${told ?? 'the dashboard has been sent too many wrong tokens'} (429)`, true)
      case 503:
        return new DashboardRefusal(`${told ?? 'the dashboard has no room for another viewer'} (503)`, true)
      default:
        return new DashboardRefusal(`the server said no: ${told ?? response.statusText} (${status})`, status >= 500)
    }
  }
}

async function messageIn(response: Response): Promise<string | undefined> {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: unknown } } | undefined
  return typeof body?.error?.message === 'string' ? body.error.message : undefined
}

const network: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the program running, and is that its port?',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up just now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
}

/** What `fetch` hides in its causes, in words. */
export function whyLost(error: unknown): string {
  let why = String(error)
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause ? String(cause.code) : ''
    if (network[code] !== undefined) return network[code]
    if (cause.name === 'HTTPParserError') return 'what answers there does not speak HTTP'
    why = cause.message
  }
  return why
}
