import { describe, expect, it } from 'vitest'
import { DashboardRefusal } from '../../../src/cli/top/problems.ts'
import { parseTopOptions } from '../../../src/cli/top/top-options.ts'

describe('the options of top', () => {
  it.each([
    [['nonsense'], '"nonsense" is neither a process nor a URL that begins with http://'],
    [['127.0.0.1:8080'], 'is neither a process nor a URL'],
    [['ftp://127.0.0.1'], 'is neither a process nor a URL'],
    [['http://a', 'http://b'], 'it takes one process or URL'],
    [['http://user:secret@a'], 'use --token'],
    [['http://a', '--interval', '0'], '--interval is a number from 0.1 to 3600'],
    [['http://a', '--interval', 'fast'], '--interval is a number from 0.1 to 3600'],
    [['http://a', '--fast'], "Unknown option '--fast'"],
    [['http://a', '--token'], '--token'],
    [['1234', '--token', 'x'], '--token is for the URL'],
    [['http://a', '--sort', 'size'], '--sort is one of memory, growth'],
  ])('%j means nothing', (args, message) => {
    expect(() => parseTopOptions(args, {})).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) as string }) as Error,
    )
  })

  it('take the token from the option, else from the link, else from the environment', () => {
    const target = (args: string[], environment = {}): { token?: string | undefined } => ({
      ...(parseTopOptions(args, environment)?.target as { token?: string }),
    })
    const token = (...args: string[]): string | undefined => target(args, { SPILLWAY_TOKEN: 'env' }).token
    expect(token('http://a/#token=link', '--token', 'option')).toBe('option')
    expect(token('http://a/#token=a%20link')).toBe('a link')
    expect(token('http://a')).toBe('env')
    expect(target(['http://a']).token).toBeUndefined()
  })

  it('take a process, one coordinator of it, or the only program there is', () => {
    const targets = [['12'], ['12-3'], []].map((args) => parseTopOptions(args, {})?.target)
    expect(targets).toEqual([
      { kind: 'program', id: { pid: 12, number: undefined } },
      { kind: 'program', id: { pid: 12, number: 3 } },
      { kind: 'program', id: undefined },
    ])
  })

  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['http://127.0.0.1:8080/#/component/orders', 'http://127.0.0.1:8080/'],
    ['https://ops.example/spillway/', 'https://ops.example/spillway/'],
  ])('%s is the dashboard at %s', (given, url) => {
    expect(parseTopOptions([given], {})?.target).toMatchObject({ kind: 'dashboard', url: new URL(url) })
  })
})

describe('a dashboard that says no', () => {
  const refusal = async (status: number, body: object = {}): Promise<DashboardRefusal> =>
    DashboardRefusal.of(new Response(JSON.stringify(body), { status }))

  it.each([
    [401, '--token'],
    [421, 'allowedHosts'],
    [404, 'no Spillway dashboard'],
    [403, 'said no'],
  ])('with %i does so for good: %s', async (status, message) => {
    expect(await refusal(status)).toMatchObject({ passing: false, message: expect.stringContaining(message) as string })
  })

  it('for want of room is asked again', async () => {
    const full = await refusal(503, { error: { message: 'All 50 places for viewers are taken by viewers that read' } })
    expect(full).toMatchObject({
      passing: true,
      message: 'All 50 places for viewers are taken by viewers that read (503)',
    })
  })
})
