import type { Logger } from '../contract/logger.ts'
import type { Change } from './directory.ts'

/** Logs who comes and goes; what a host has loaded, and how much room, is told elsewhere. @param self this host's name. */
export function logChange(
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  { type, host, why }: Change,
  self: string,
): void {
  const { name } = host.id
  if (type === 'changed' || (name === self && type !== 'conflict')) return
  const line = { host: name }
  if (type === 'conflict')
    logger.error(line, `two programs have joined the cluster as "${name}": give each a name of its own`)
  else if (type === 'silent') logger.warn(line, `host "${name}" is silent: ${why}`)
  else logger.info(line, `host "${name}" ${said[type]}: ${why}`)
}

const said = { joined: 'has joined', left: 'is gone', back: 'is back', replaced: 'has joined anew' } as const
