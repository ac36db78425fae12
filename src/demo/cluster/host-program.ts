import { join } from 'node:path'
import { pino } from 'pino'
import { joinCluster } from '../../cluster/index.ts'
import { ComponentCoordinator } from '../../index.ts'
import { claimTtl } from './claim-ttl.ts'
import type orderBook from './components/order-book.ts'
import type prices from './components/prices.ts'
import { sibling } from './sibling.ts'

/** One of the hosts: a process that offers what it could serve, and ends with whoever started it. */
const [name = '', server = '', folder = ''] = process.argv.slice(2)
// Ctrl-C goes to everybody in the terminal; the demo says when this one goes.
process.on('SIGINT', () => {})
const coordinator = new ComponentCoordinator({
  logger: pino({ level: 'error' }, pino.destination(2)),
  memory: { totalLimit: '512mb' },
})
coordinator.registerComponent<typeof prices>({
  name: 'prices',
  module: sibling('components/prices'),
})
coordinator.registerFamily<typeof orderBook>({
  name: 'books',
  module: sibling('components/order-book'),
  config: (key) => ({ file: join(folder, key), host: name }),
})
const cluster = await joinCluster(coordinator, { servers: server, name, claimTtl })
await cluster.offer(['prices', 'books'])
process.send?.('ready')
process.once('disconnect', () => {
  void (async () => {
    await cluster.leave()
    await coordinator.shutdown()
  })()
})
