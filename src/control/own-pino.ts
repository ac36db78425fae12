import { types } from 'node:util'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/**
 * Whether what a logger writes is what pino makes of a line, as far as can be told: it is pino's very own, none of its methods is replaced, and the text goes
 * to a file or to the standard streams without anything of the program's in between. Where that is unknown the answer is no: a wrapper may be there to take
 * secrets out.
 */
export function isOwnPino(logger: object): boolean {
  const chain = untilPino(logger)
  const pinos = chain?.pop()
  if (!chain || !pinos) return false
  const isReplaced = (key: PropertyKey): boolean => typeof valueIn([pinos], key) === 'function'
  if (chain.some((each) => Reflect.ownKeys(each).some(isReplaced))) return false
  return levels.every((level) => isPinos(valueIn(chain, level), levelMethods)) && isPlainStream(streamOf(chain))
}

/** By the symbol's description: each copy of pino has its own. */
export function memberOf(logger: object, description: string): unknown {
  for (let each: object | null = logger; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    const symbol = symbolIn(each, description)
    if (symbol) return (logger as Readonly<Record<symbol, unknown>>)[symbol]
  }
  return undefined
}

/** The logger, those it is a child of, and pino's prototype; undefined where one is a proxy or there is none. */
function untilPino(logger: object): object[] | undefined {
  const chain: object[] = []
  for (let each: object | null = logger; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    // Before anything is asked of it.
    if (types.isProxy(each)) return undefined
    chain.push(each)
    if (symbolIn(each, 'pino.asJson')) return chain
  }
  return undefined
}

/** As pino's and sonic-boom's own files have them: nothing else says where a function comes from. Those of a minified bundle are taken for somebody else's. */
const levelMethods = [
  /^function LOG \(o, \.\.\.n\) \{[^]*this\[writeSym\]/,
  /logFatal\.call\(this/,
  /^function noop \(\) \{\s*\}$/,
]
const streamMethods = [/^function write(?:Buffer)? \(data\) \{[^]*this\._bufs/]
/** Sources are read once. */
const found = new WeakSet<object>()

function isPinos(method: unknown, sources: readonly RegExp[]): boolean {
  if (typeof method !== 'function' || types.isProxy(method)) return false
  if (found.has(method)) return true
  const source = Function.prototype.toString.call(method)
  const isOne = sources.some((each) => each.test(source))
  if (isOne) found.add(method)
  return isOne
}

function isPlainStream(stream: unknown): boolean {
  if (typeof stream !== 'object' || stream === null || types.isProxy(stream)) return false
  if (stream === process.stdout || stream === process.stderr) return !Object.hasOwn(stream, 'write')
  return isPinos(valueIn([stream], 'write'), streamMethods)
}

function streamOf(chain: readonly object[]): unknown {
  for (const each of chain) {
    const symbol = symbolIn(each, 'pino.stream')
    if (symbol) return valueIn([each], symbol)
  }
  return undefined
}

/** The first that has it; a getter has no value, and is not run. */
function valueIn(objects: readonly object[], key: PropertyKey): unknown {
  const owner = objects.find((each) => Object.hasOwn(each, key))
  return owner && Object.getOwnPropertyDescriptor(owner, key)?.value
}

function symbolIn(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((one) => one.description === description)
}
