import { createBanMemory } from './ban-record.ts'
import type { ConnectorConfig } from './config.ts'

/** By coordinator: what is kept goes with it. */
const kept = new WeakMap<object, Map<string, SharedArrayBuffer>>()

/** Where a coordinator keeps until when an exchange, at the addresses that are configured, wants no requests: the same memory each time. */
export function keptBan(coordinator: object, { exchange, urls = {} }: ConnectorConfig): SharedArrayBuffer {
  const bans = kept.get(coordinator) ?? new Map<string, SharedArrayBuffer>()
  kept.set(coordinator, bans)
  const key = JSON.stringify([exchange, urls])
  const memory = bans.get(key) ?? createBanMemory()
  bans.set(key, memory)
  return memory
}
