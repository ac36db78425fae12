import type { Supervisor } from './supervisor.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Asks the component of that name for something. One that was unregistered meanwhile is no answer when another has taken its name: then that one is
 * asked.
 *
 * @throws ComponentNotFoundError; what `ask` rejects with.
 */
export async function askCurrent<T>(
  surroundings: Pick<Surroundings, 'supervisorOf' | 'supervisorIfAny'>,
  name: string,
  ask: (supervisor: Supervisor) => Promise<T>,
): Promise<T> {
  for (;;) {
    const supervisor = surroundings.supervisorOf(name)
    try {
      return await ask(supervisor)
    } catch (error) {
      const current = surroundings.supervisorIfAny(name)
      if (!current || current === supervisor) throw error
    }
  }
}
