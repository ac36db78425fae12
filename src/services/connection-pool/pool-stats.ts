import type { HostStats, PoolStats } from './api.ts'
import type { ResolvedPoolConfig } from './config.ts'
import type { Pool } from './pool.ts'
import type { Slot } from './slot.ts'

export function describePool(pool: Pool, { maxConnections, maxPerHost }: ResolvedPoolConfig): PoolStats {
  const slots = [...pool.slots]
  return {
    maxConnections,
    maxPerHost,
    total: slots.length,
    idle: count(slots, 'idle'),
    held: count(slots, 'held'),
    opening: count(slots, 'opening'),
    waiting: pool.waiting,
    hosts: describeHosts(pool, slots),
    counts: { ...pool.counts },
  }
}

function describeHosts(pool: Pool, slots: readonly Slot[]): HostStats[] {
  const hosts = new Set([...slots.map(({ target }) => target.host), ...pool.hosts.hosts()])
  return [...hosts].sort().map((host) => {
    const own = slots.filter(({ target }) => target.host === host)
    const health = pool.hosts.health(host)
    return {
      host,
      total: own.length,
      idle: count(own, 'idle'),
      held: count(own, 'held'),
      failures: health.kind === 'healthy' ? 0 : health.failures,
      backingOffUntil: health.kind === 'backing-off' ? health.until : null,
    }
  })
}

function count(slots: readonly Slot[], kind: Slot['state']['kind']): number {
  return slots.filter(({ state }) => state.kind === kind).length
}
