import { createRandom } from '../../../bench/policy/random.ts'
import type { Random } from '../../../bench/policy/random.ts'
import { Events } from './events.ts'
import type { Rule } from './rules.ts'
import { SimBucket } from './sim-bucket.ts'
import { SimHost } from './sim-host.ts'

export interface LifeOptions {
  /** Three servers instead of one. */
  readonly isCluster: boolean
  /** calm: messages arrive soon, and hosts die. wild: messages are lost and late, hosts stand still. */
  readonly weather: 'calm' | 'wild'
  readonly without?: Rule
}

/** ms. */
const ttl = 600
const duration = 8_000
const keys = ['x', 'y']
/** Share by which clocks may run faster or slower: what the kernel corrects them by at most. */
const drift = 1 / 2_000

/** Some seconds of a cluster: what was wrong in them. */
export function complaintsOf(seed: number, { isCluster, weather, without }: LifeOptions): string[] {
  const random = createRandom(seed * 7_919 + (isCluster ? 1 : 0))
  const events = new Events()
  const rate = (): number => 1 + drift * (2 * random.next() - 1)
  const bucket = new SimBucket(events, random, { ttl, rate: rate(), isCluster })
  const watch = new Watch(events)
  const send = (arrive: () => void): void => {
    const delay = delayOf(random, weather)
    if (delay !== undefined) events.after(delay, arrive)
  }
  let joined = 0
  const join = (): SimHost => {
    const session = `host-${joined++}`
    return new SimHost({
      session,
      events,
      random,
      bucket,
      ttl,
      rate: rate(),
      send,
      without,
      onTenure: (key, token) => watch.tenure(session, key, token),
      onCall: (key, token) => watch.call(session, key, token),
    })
  }
  const hosts = [join(), join(), join(), join()]
  const anyOf = <T>(items: readonly T[]): T => items[random.integer(items.length)] as T

  const every = (mean: number, run: () => void): void => {
    events.after(random.exponential(mean), () => {
      run()
      every(mean, run)
    })
  }
  every(8, () => {
    const [key, host] = [anyOf(keys), anyOf(hosts)]
    send(() => host.call(key))
  })
  every(500, () => {
    const owner = anyOf(hosts)
    const key = owner.keys[0]
    if (key !== undefined) owner.handOver(key, anyOf(hosts.filter((host) => host !== owner)))
  })
  every(1_500, () => {
    const index = random.integer(hosts.length)
    const host = hosts[index] as SimHost
    host.kill()
    hosts[index] = join()
    if (weather === 'calm') events.after(ttl + 1_000, () => watch.served(host.session))
  })
  if (weather === 'wild') every(200, () => stop(anyOf(hosts), random))
  events.runUntil(duration)
  return watch.complaints
}

/** For a moment, for longer than a claim lasts, or until just when its claim is about to be over. */
function stop(host: SimHost, random: Random): void {
  const luck = random.next()
  if (luck < 0.3) host.stop(50 * random.next())
  else if (luck < 0.5) host.stop(2.5 * ttl * random.next())
  else if (Number.isFinite(host.timeLeft)) host.stop(Math.max(0, host.timeLeft - 4 * random.next()))
}

/** ms; undefined: it is lost. */
function delayOf(random: Random, weather: LifeOptions['weather']): number | undefined {
  const usual = 0.1 + random.exponential(1)
  if (weather === 'calm') return usual
  const luck = random.next()
  if (luck < 0.03) return undefined
  if (luck < 0.08) return 1.5 * ttl * random.next()
  return usual
}

/** What must hold of every life. */
class Watch {
  readonly complaints: string[] = []
  readonly #events: Events
  /** By key: who got the newest token, and when. */
  readonly #newest = new Map<string, { session: string; token: number }>()
  /** By key: when and by whom the last call was begun. */
  readonly #lastCall = new Map<string, { session: string; time: number }>()

  constructor(events: Events) {
    this.#events = events
  }

  tenure(session: string, key: string, token: number): void {
    const newest = this.#newest.get(key)
    if (newest && token <= newest.token) {
      this.#complain(`${key}: the token of ${session} is ${token}, and that of ${newest.session} was ${newest.token}`)
    }
    this.#newest.set(key, { session, token })
  }

  /** Two owners at a time, or a token that any fenced store would refuse, are a call under another token than the newest. */
  call(session: string, key: string, token: number): void {
    const newest = this.#newest.get(key)
    if (newest?.session !== session || newest.token !== token) {
      this.#complain(`${key}: ${session} begins a call under ${token} while ${newest?.session} has ${newest?.token}`)
    }
    this.#lastCall.set(key, { session, time: this.#events.now })
  }

  /** What the host had that died a claim's time and a second ago has somebody else. */
  served(session: string): void {
    for (const [key, last] of this.#lastCall) {
      if (last.session === session) this.#complain(`${key}: nobody has it since ${session} died`)
    }
  }

  #complain(what: string): void {
    this.complaints.push(`${this.#events.now.toFixed(1)} ms: ${what}`)
  }
}
