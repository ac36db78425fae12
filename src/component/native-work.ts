import { until } from '../base/until.ts'
import type { Generation } from '../host/generation.ts'
import { mayNotBeCutShort } from '../host/known-addons.ts'

/** ms that native work which must not be cut short is waited for. Guessed: most queries take less; what does not end at all is ended then, come what may. */
const patience = 5_000

/** A thread that is known to take the program along when it is ended while its native code works. */
export function isFragile({ host }: Generation, addons: Iterable<string>): boolean {
  return host.isolation === 'thread' && mayNotBeCutShort(addons)
}

/** Resolves once nothing is at work in such a thread, also of what nobody waits for any more. */
export async function nativeWorkOver(generation: Generation, addons: Iterable<string>): Promise<void> {
  if (!isFragile(generation, addons)) return
  await until(() => !generation.host.alive || generation.activity.active === 0, patience)
}
