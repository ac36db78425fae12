import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { debianTool, installDeadline } from '../support/debian-tool.ts'
import { cli, cliFile, command } from './cli-process.ts'

const coordinator = sharedCoordinator()
const orders = coordinator.registerComponent<KitchenSink>(sink('orders', { priority: 20, pinned: true }))
coordinator.registerComponent(sink('evil', { type: 'evil\u001b]0;title\u0007\u001b[2J\nname' }))
const dashboard = createDashboard(coordinator, { port: 0 })
let address: DashboardAddress
beforeAll(async () => {
  address = await dashboard.start()
  await orders.echo(1)
})
afterAll(async () => dashboard.stop())

describe('spillway top', () => {
  it('prints one frame, and nothing that a terminal would obey', async () => {
    const { stdout, stderr, ended } = cli('top', address.url, '--once')
    expect(await ended).toBe(0)
    expect(stderr()).toBe('')
    expect(stdout()).toContain(`process ${process.pid}, Node ${process.version}`)
    expect(stdout()).toMatch(/^pressure low {2}\[[#|+-]{24}\] \d+% {2}[\d.]+ MiB of [\d.]+ GiB$/m)
    expect(stdout()).toMatch(/^orders +loaded +[\d.]+ MiB .* 20 .* stays: pinned$/m)
    expect(stdout()).toMatch(/^evil +unloaded /m)
    expect(stdout().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })

  it('goes on with what changes until it is told to stop', async () => {
    const { child, printed, ended } = cli('top', address.url, '--interval', '0.1')
    await printed(/^orders +loaded /m)
    await coordinator.unloadComponent('orders')
    await printed(/^orders +unloaded .* –$/m)
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await orders.echo(1)
  })

  it('says when it is disconnected, and connects again', async () => {
    const passing = createDashboard(coordinator, { port: 0 })
    const { url, port } = await passing.start()
    const { child, printed, stdout, ended } = cli('top', url, '--interval', '0.1')
    await printed(/^orders /m)
    await passing.stop()
    await printed(/^disconnected: /m)
    const before = stdout().length
    const again = createDashboard(coordinator, { port })
    await again.start()
    await printed(/^connected again$/m)
    await expect.poll(() => stdout().slice(before)).toMatch(/^orders /m)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await again.stop()
  })

  it('needs the token where the dashboard does, by option or in the link', async () => {
    await using open = createDashboard(coordinator, { host: '0.0.0.0', port: 0, token: 'a se cret of many' })
    const { port } = await open.start()
    const url = `http://127.0.0.1:${port}`
    const refused = cli('top', url)
    expect(await refused.ended).toBe(1)
    expect(refused.stderr()).toBe(
      `spillway: ${url}/: the dashboard asks for its token, or for another one: --token or SPILLWAY_TOKEN\n`,
    )
    const [given, linked] = [
      cli('top', url, '--once', '--token', 'a se cret of many'),
      cli('top', `${url}/#token=a%20se%20cret%20of%20many`, '--once'),
    ]
    expect(await Promise.all([given.ended, linked.ended])).toEqual([0, 0])
    expect(given.stdout()).toMatch(/^orders /m)
  })

  it('says what is wrong with the address', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-nothing\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const elsewhere = address.url.replace('127.0.0.1', '127.0.0.2')
    const [strange, nothing] = [cli('top', `http://127.0.0.1:${port}`), cli('top', elsewhere)]
    expect(await Promise.all([strange.ended, nothing.ended])).toEqual([1, 1])
    expect(strange.stderr()).toBe(`spillway: http://127.0.0.1:${port}/: what answers there does not speak HTTP\n`)
    expect(nothing.stderr()).toContain('nothing listens there: is the program running')
    server.close()
  })

  it('that is given in a way that means nothing says so: code 2', async () => {
    const { stdout, stderr, ended } = cli('pot')
    expect(await ended).toBe(2)
    expect(stderr()).toBe(
      'spillway: there is no command "pot"; commands: ps, top, explain, hosts, load, unload, snapshot, diff, profile, logs (spillway --help)\n',
    )
    expect(stdout()).toBe('')
  })

  it('has help and a version', async () => {
    const [help, topHelp, version] = [cli('--help'), cli('top', '--help'), cli('--version')]
    expect(await Promise.all([help.ended, topHelp.ended, version.ended])).toEqual([0, 0, 0])
    expect(help.stdout()).toContain('top       components of a running program')
    expect(topHelp.stdout()).toContain('--interval')
    expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it(
    'redraws in place on a terminal, and leaves it as it was',
    async () => {
      const script = await debianTool('script', 'bsdutils')
      for (const key of ['q', '\u0003']) {
        const inside = `stty cols 100 rows 20; exec '${process.execPath}' '${cliFile}' top ${address.url}`
        const { child, printed, stdout, ended } = command(script, ['-qefc', inside, '/dev/null'])
        await printed(/orders/)
        child.stdin.write(key)
        expect(await ended).toBe(0)
        expect(stdout()).toContain('\u001b[?1049h\u001b[?25l')
        expect(stdout().trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
      }
    },
    installDeadline,
  )

  it('ends quietly when nobody reads on', async () => {
    const { child, printed, stderr, ended } = cli('top', address.url, '--interval', '0.1')
    await printed(/orders/)
    child.stdout.destroy()
    await once(child, 'close')
    expect(await ended).toBe(0)
    expect(stderr()).toBe('')
  })
})
