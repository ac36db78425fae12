import type { Logger } from '../contract/logger.ts'
import type { LeftChild } from '../contract/unload-report.ts'
import type { Generation } from '../host/generation.ts'

/** Ends the child processes that a generation has left behind, and says so. */
export async function endChildren(component: string, generation: Generation, logger: Logger): Promise<LeftChild[]> {
  const children = await generation.children.end((left) =>
    logger.warn(
      { component, generation: generation.number, children: left.map(told) },
      'child processes that it left behind are ended',
    ),
  )
  return children.map(told)
}

const told = ({ pid, command }: LeftChild): LeftChild => ({ pid, command })
