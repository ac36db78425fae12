import type { AutomaticDecision, DecidingOption } from '../contract/automatic-decision.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { Kept, KeptReason } from '../contract/unload-policy.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import { names, share, size, time } from './figures.ts'
import { reasonWords } from './reasons.ts'

/** How much is used, of what. Bytes. */
export interface Standing {
  readonly level: PressureLevel
  readonly usage: number
  readonly limit: number
}

/** A decision as one sentence: what was measured, which rule that meets, who goes and why it in particular, who stays and why. */
export function whyOf(decision: AutomaticDecision): string {
  const [victim, ...others] = decision.victims
  const then = others.length > 0 ? `, then ${names(others.map(({ name }) => name))}` : ''
  const chosen = chosenFor(decision)
  const goes = victim && chosen && `"${victim.name}" (${size(victim.bytes)}) goes: ${chosen}${then}`
  return [measured(decision), goes, ...stays(decision.kept)].filter((part) => part !== undefined).join('; ')
}

/** What came of an unload, and how things stand then. */
export function outcomeOf(
  { released, retained, zombie }: Pick<UnloadReport, 'released' | 'retained' | 'zombie'>,
  standing: Standing,
): string {
  const back = zombie
    ? 'its worker did not die, and holds its memory'
    : `the resident set is smaller by ${size(released)}${retained > 0 ? `, ${size(retained)} are to follow` : ''}`
  return `${back}; ${used(standing)} by now, pressure is ${standing.level}`
}

/** Why components are asked to drop what they can. @param need bytes that have to go. */
export function trimWords(standing: Standing, need: number): string {
  const reason =
    need > 0 ? `${size(need)} have to go, and what they drop need not be unloaded` : 'nothing has to go yet'
  return `pressure is ${standing.level}: ${used(standing)}; ${reason}`
}

/**
 * Why a load shows an unload to have been a mistake.
 *
 * @param ago ms since that unload.
 * @param decision what it had been unloaded by; null: it is not known.
 */
export function regretWords(ago: number, decision: AutomaticDecision | null): string {
  return `it was unloaded ${time(ago)} ago ${decision ? purpose(decision) : 'for want of memory'}: that was a mistake`
}

function purpose({ rule, load, level }: AutomaticDecision): string {
  if (load !== null) return `to make room for "${load}"`
  if (rule === 'family') return 'because its family held more than it may have'
  return `because pressure was ${level}`
}

const used = ({ usage, limit }: Standing): string =>
  `${size(usage)} of ${size(limit)} are used (${share(usage, limit)})`

function measured(decision: AutomaticDecision): string {
  const { rule, level, load, need, growth, option } = decision
  const grows = growth > 0 ? `, growing by ${size(growth)}/s` : ''
  const standing = `${used(decision)}${grows}`
  switch (rule) {
    case 'pressure':
      return `pressure is ${level}: ${standing}, ${size(need)} have to go`
    case 'admission':
      return `"${load ?? ''}" is to be loaded, and ${size(need)} have to go for that: ${standing}, pressure is ${level}`
    case 'free-memory':
      return `${size(need)} were asked for: ${standing}, pressure is ${level}`
    case 'family':
      return familyMeasured(decision)
    case 'idle':
      return option
        ? `it has not been used for ${time(option.measured)}, its idleTimeout is ${time(option.allowed)}`
        : ''
    case 'recycled':
      return option ? recycledFor(option) : 'recycleComponent was called'
    case 'memory-limit':
      return option ? limitPassed(decision, option, grows) : ''
  }
}

function familyMeasured({ family, load, need, option }: AutomaticDecision): string {
  const limit =
    option?.name === 'maxLoaded'
      ? `${option.measured} instances of the family "${family ?? ''}" are loaded, maxLoaded is ${option.allowed}`
      : `the family "${family ?? ''}" holds ${size(option?.measured ?? 0)}, its maxMemory is ${size(option?.allowed ?? 0)}`
  if (load === null) return limit
  return `"${load}" is to be loaded${need > 0 ? `, and ${size(need)} have to go for that` : ''}: ${limit}`
}

function recycledFor({ name, measured, allowed }: DecidingOption): string {
  switch (name) {
    case 'recycle.calls':
      return `it was sent ${measured} calls, recycle.calls is ${allowed}`
    case 'recycle.age':
      return `it has been loaded for ${time(measured)}, recycle.age is ${time(allowed)}`
    default:
      return `it holds ${size(measured)}, ${name} is ${size(allowed)}`
  }
}

function limitPassed(
  { family }: AutomaticDecision,
  { name, measured, allowed }: DecidingOption,
  grows: string,
): string {
  const who = name === 'memoryLimit' ? 'it' : name === 'maxMemory' ? `its family "${family ?? ''}"` : 'all together'
  const limit = name === 'totalLimit' ? `the limit is ${size(allowed)}` : `${name} is ${size(allowed)}`
  return `${who} held ${size(measured)}${name === 'memoryLimit' ? grows : ''}, ${limit}`
}

/** Undefined: there was nothing to choose. */
function chosenFor({ choice, rule }: AutomaticDecision): string | undefined {
  switch (choice) {
    case 'only':
      return 'nothing else may'
    case 'priority':
      return 'it is the least important of those that may'
    case 'price':
      return 'of the least important, to load it again costs least for its room'
    case 'idle':
      return rule === 'family'
        ? 'it has been idle for the longest'
        : 'of the least important, it has been idle for the longest'
    case 'policy':
      return 'the policy chose it'
    case 'share':
      return 'it is idle and holds more than its share'
    case 'taken':
      return 'it has taken most since, and goes on to'
    case 'due':
      return undefined
  }
}

/** One part for each reason. */
function stays(kept: readonly Kept[]): string[] {
  const byReason = new Map<KeptReason, string[]>()
  for (const { name, reason } of kept) {
    if (reason === 'not-loaded') continue
    const those = byReason.get(reason)
    if (those) those.push(name)
    else byReason.set(reason, [name])
  }
  return Array.from(
    byReason,
    ([reason, those]) => `${names(those)} ${those.length > 1 ? 'stay' : 'stays'}: ${reasonWords(reason)}`,
  )
}
