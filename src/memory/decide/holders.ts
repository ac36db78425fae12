import { extraWords, reasonWords } from '../../words/reasons.ts'
import { bytesOf } from './price.ts'
import type { UnloadPolicy } from '../../contract/unload-policy.ts'
import { planUnload } from './plan.ts'
import { candidatesIn } from './snapshot.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** Who holds memory, and why it is not to be had: what InsufficientMemoryError shows. */
export interface MemoryHolder {
  readonly name: string
  readonly bytes: number
  readonly why: string
}

/** Who holds what there is, the largest first, and why `need` bytes of it are not to be had. */
export function holdersOf(account: AccountSnapshot, policy: UnloadPolicy, need: number): MemoryHolder[] {
  const loaded = candidatesIn(account).filter((candidate) => candidate.loaded)
  const plan = planUnload(policy, loaded, 'demand', need)
  const reasons = new Map(plan.kept.map(({ name, reason }) => [name, reason]))
  const holders: MemoryHolder[] = loaded.map((candidate) => {
    const reason = reasons.get(candidate.name)
    return { name: candidate.name, bytes: bytesOf(candidate), why: reason ? reasonWords(reason) : 'idle' }
  })
  for (const { name, phase, bytes } of account.components) {
    if (phase === 'leaving') holders.push({ name, bytes, why: extraWords.ending })
  }
  for (const { name, kind, total } of account.extra) {
    if (total > 0) holders.push({ name, bytes: total, why: extraWords[kind] })
  }
  if (account.reserved > 0) holders.push({ name: 'loads under way', bytes: account.reserved, why: 'reserved' })
  const known = holders.reduce((sum, { bytes }) => sum + bytes, 0)
  if (account.usage > known) {
    holders.push({ name: 'main thread and others', bytes: account.usage - known, why: 'not a component' })
  }
  return holders.sort((a, b) => b.bytes - a.bytes)
}
