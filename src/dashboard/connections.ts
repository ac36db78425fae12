import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Bounds the connections that a server has open. One place is kept free as long as there are any on which nothing is under way: the one that has been idle
 * for longest goes for it, so that nobody who only holds connections keeps others out.
 */
export function boundConnections(server: Server, most: number): void {
  const open = new Set<Socket>()
  /** Those that became idle last at the end. */
  const idle = new Set<Socket>()
  const forget = (socket: Socket): void => {
    open.delete(socket)
    idle.delete(socket)
  }
  server.maxConnections = most
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    idle.add(socket)
    socket.once('close', () => forget(socket))
    const [longest] = idle
    if (open.size < most || !longest || longest === socket) return
    forget(longest)
    longest.destroy()
  })
  server.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (open.has(socket)) idle.add(socket)
    })
  })
}
