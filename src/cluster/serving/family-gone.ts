import type { ComponentFamily } from '../../component/family.ts'
import type { Claims } from '../claims/claims.ts'
import type { Keys } from './keys.ts'
import type { Offers } from './offers.ts'

/** A family was unregistered here: once its instances are gone, others may have its keys. */
export async function giveKeysBack(
  family: ComponentFamily<unknown>,
  { offers, claims, keys }: { offers: Offers; claims: Pick<Claims, 'list'>; keys: Pick<Keys, 'giveBack'> },
): Promise<void> {
  // It is under way: what could not be unloaded is told by whoever unregistered it.
  await family.unregister().catch(() => {})
  // Another one of its name is offered by now, and has them.
  if (offers.family(family.name)) return
  for (const tenure of claims.list()) {
    if (tenure.family === family.name) keys.giveBack(tenure, 'its family was unregistered')
  }
}
