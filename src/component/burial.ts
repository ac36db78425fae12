import type { Generation } from '../host/generation.ts'
import type { Supervisor } from './supervisor.ts'

/** ms after which a worker that was told to end, and is still alive, is a zombie. */
export const terminateDeadline = 2_000

/** Watches a worker that was told to end, or is dying; false when it is still alive at the deadline. */
export async function buried(supervisor: Supervisor, { host, number }: Generation): Promise<boolean> {
  if (await host.exited(terminateDeadline)) return true
  const { name, zombies, surroundings } = supervisor
  zombies.set(host, number)
  surroundings.zombie(name, number)
  host.onExit(() => {
    zombies.delete(host)
    if (supervisor.state.status === 'zombie' && zombies.size === 0) supervisor.apply({ type: 'gone' })
  })
  return false
}
