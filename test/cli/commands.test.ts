import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fixture } from '../support/coordinator.ts'
import { cli, command } from './cli-process.ts'
import type { CliRun } from './cli-process.ts'

const root = mkdtempSync(join(tmpdir(), 'spillway-test-'))
const folder = join(root, 'spillway')
const files = join(root, 'files')
mkdirSync(files)
vi.stubEnv('XDG_RUNTIME_DIR', root)
// Other programs of this user are none of these tests'.
vi.stubEnv('TMPDIR', files)
vi.stubEnv('SPILLWAY_CONTROL', '1')

const programFile = fileURLToPath(fixture('control-program.ts'))
let program: CliRun
let pid: string
/** Those that a test has started besides. */
const others: CliRun[] = []
const start = async (): Promise<CliRun> => {
  const started = command(process.execPath, [programFile])
  others.push(started)
  await started.printed(/ready/)
  return started
}
beforeAll(async () => {
  program = await start()
  others.length = 0
  pid = String(program.child.pid)
})
// Most commands are given none where there is one program only: a test that failed leaves no second one.
afterEach(async () => {
  for (const { child, ended } of others.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})
afterAll(async () => {
  program.child.stdin.end()
  await program.ended
  rmSync(root, { recursive: true })
})

async function run(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const { ended, stdout, stderr } = cli(...args)
  const code = await ended
  return { code, out: stdout(), err: stderr() }
}
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await run(...args, '--json')).out) as T

describe('spillway', () => {
  it('ps lists the programs, and removes what dead ones left behind', async () => {
    const stale = join(folder, '999999999-1.sock')
    writeFileSync(stale, '')
    const [{ out, code }, list] = await Promise.all([run('ps'), json<{ id: string; registered: number }[]>('ps')])
    expect(code).toBe(0)
    expect(out).toMatch(
      new RegExp(`^${pid} +\\d+ s +low +\\S+ MiB of 1.0 GiB \\(\\d+%\\) +1 of 2 +.*control-program.ts$`, 'm'),
    )
    expect(list).toMatchObject([{ id: pid, registered: 2 }])
    expect(readdirSync(folder)).toEqual([`${pid}-1.sock`])
  })

  it('explain says why a program, or a component, is as it is', async () => {
    const [whole, one, idle] = await Promise.all([
      run('explain'),
      run('explain', pid, 'sessions'),
      run('explain', 'idle'),
    ])
    expect(whole.out).toMatch(new RegExp(`^process ${pid}, Node v`))
    expect(whole.out).toMatch(/^Who holds what\n +sessions +\S+ MiB +loaded, stays: not idle long enough$/m)
    expect(whole.out).toMatch(/^What a round would do if pressure were medium$/m)
    expect(one.out).toMatch(
      /^sessions: loaded for \d+ s, generation 1, thread, priority 50\nloaded for a call of the main thread$/m,
    )
    expect(one.out).toMatch(/^ +the main thread: 2 calls, 1 failed, last \d+ s ago$/m)
    expect(one.out).toMatch(/fail, called by the main thread: RangeError: no such session$/m)
    expect(one.out).toMatch(/needed by idle/)
    expect(idle.out).toMatch(/^idle: unloaded for .*, pinned$/m)
    expect([whole.err, one.err, idle.err]).toEqual(['', '', ''])
  })

  it('load and unload do that, and the log says who asked', async () => {
    const loaded = await run('load', pid, 'idle')
    // Whatever was said: other tests find it unloaded.
    const unloaded = await json('unload', pid, 'idle', '--deadline', '1')
    expect(loaded.out).toMatch(/^idle is loaded: generation 1, \S+ MiB, its last load took /)
    expect(unloaded).toMatchObject({ name: 'idle', reason: 'requested' })
    const { out } = await run('logs', pid, 'idle')
    const asked = out.split('\n').filter((line) => line.includes('asked for on the command line'))
    expect(asked).toHaveLength(2)
    expect(asked[0]).toMatch(/^[\d:]+ INFO {2}\[idle\] asked for on the command line action=load by=\S+ \d+$/)
  })

  it('snapshot and diff name the class that leaked, and how many of it there are', async () => {
    const before = await json<{ file: string; size: number }>('snapshot', pid, 'sessions', '--out', files)
    expect(before.file).toMatch(/\/sessions-g1-\d{8}T\d{6}Z\.heapsnapshot$/)
    const { size, mode } = statSync(before.file)
    expect([size, (mode & 0o777).toString(8)]).toEqual([before.size, '600'])
    program.child.stdin.write('3000\n')
    await program.printed(/leaked 3000/)
    const after = join(files, 'after.heapsnapshot')
    expect(await run('snapshot', pid, 'sessions', '--out', after)).toMatchObject({ code: 0, out: `${after}\n` })
    const [again, { out }, swapped] = await Promise.all([
      run('snapshot', pid, 'sessions', '--out', after),
      run('diff', before.file, after, '--top', '3'),
      run('diff', after, before.file, '--top', '1'),
    ])
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('--force') as string })
    expect(out.split('\n')[1]).toMatch(/^CONSTRUCTOR +COUNT +BYTES +HOLDS$/)
    expect(out.split('\n')[2]).toMatch(/^LeakedSession +\+3,000 +\+\S+ KiB +\+\S+ MiB$/)
    expect(out.trimEnd().split('\n')).toHaveLength(5)
    expect(swapped.err).toBe('More has shrunk than grown: the second file seems to be the older one\n')
    expect(swapped.out.split('\n')[2]).toMatch(/−\S+ [KM]iB$/)
    expect(readdirSync(files).filter((file) => file.endsWith('.part'))).toEqual([])
  })

  it('profile saves where time is spent', async () => {
    const { file } = await json<{ file: string }>('profile', pid, 'sessions', '--seconds', '0.2', '--out', files)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('nodes')
  })

  it('logs goes on with what comes, and shows nothing that a terminal would obey', async () => {
    const following = cli('logs', pid, 'sessions', '--follow')
    await following.printed(/component loaded/)
    program.child.stdin.write('7\n')
    await following.printed(/leaked 7 sessions .*password=/)
    following.child.kill('SIGINT')
    await following.ended
    expect(following.stdout().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    const lines = (await run('logs', pid, 'sessions', '--json', '--level', 'info')).out.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { component: string }).component)).toContain('sessions')
    expect(lines.join('')).not.toMatch(/\p{Cc}/u)
  })

  it('ends quietly when nobody reads on', async () => {
    const all = [cli('explain', pid), cli('explain', pid, 'sessions', '--json'), cli('--help'), cli('ps')]
    for (const { child } of all) child.stdout.destroy()
    for (const { ended, stderr } of all) expect([await ended, stderr()]).toEqual([0, ''])
  })

  it('top needs no address', async () => {
    const [frame, once] = await Promise.all([
      run('top', '--once', '--sort', 'name'),
      json<{ components: object[] }>('top', pid, '--once'),
    ])
    expect(frame.out).toMatch(/^COMPONENT +STATE +TOTAL +GROWTH\/M +ERRORS .*\nidle +unloaded .*\nsessions +loaded /m)
    expect(once.components).toHaveLength(2)
  })

  it('says what is not there, and what makes no sense', async () => {
    const failing: readonly (readonly [number, RegExp, ...string[]])[] = [
      [
        1,
        /^spillway: No component named "nobody" is registered; registered: sessions, idle$/m,
        'unload',
        pid,
        'nobody',
      ],
      [1, /^spillway: there is no program 1; those there are: \d+ \(.*control-program.ts\)$/m, 'explain', '1'],
      [1, /"idle" is unloaded: there is nothing to look into$/m, 'snapshot', pid, 'idle'],
      [1, /^spillway: there is no folder /m, 'snapshot', pid, 'sessions', '--out', join(files, 'no', 'file')],
      [2, /^spillway: unload: it needs the name of a component \(spillway unload --help\)$/m, 'unload', pid],
      [2, /it takes a process and a component/, 'load', pid, 'a', 'b'],
      [
        2,
        /^spillway: diff: Option '--top' argument is ambiguous\. Did you .*\(spillway diff --help\)$/m,
        'diff',
        '--top',
        '-1',
      ],
      [2, /--level is one of trace/, 'logs', '--level', 'loud'],
      [2, /it takes two heap snapshots, and was given 1/, 'diff', 'one'],
    ]
    const runs = await Promise.all(failing.map(async ([, , ...args]) => run(...args)))
    for (const [at, [code, message]] of failing.entries()) {
      expect(runs[at]?.err).toMatch(message)
      expect(runs[at]).toMatchObject({ code, out: '' })
    }
  })
})

describe('where there is not exactly one program', () => {
  it('the commands list those there are, and live on when one ends', async () => {
    const other = await start()
    const { code, err } = await run('explain')
    expect(code).toBe(1)
    expect(err).toMatch(/^spillway: there are 2 programs: \d+ \(.*\), \d+ \(.*\); say which$/m)
    const otherPid = String(other.child.pid)
    const [following, watching] = [cli('logs', otherPid, '--follow'), cli('top', otherPid)]
    await Promise.all([following.printed(/component loaded/), watching.printed(/sessions/)])
    // By itself, though it is looked at.
    other.child.stdin.end()
    expect(await other.ended).toBe(0)
    expect(await Promise.all([following.ended, watching.ended])).toEqual([0, 1])
    expect(following.stderr()).toBe(`process ${otherPid} has ended\n`)
    expect(watching.stderr()).toMatch(/^spillway: process \d+ has ended, or cannot be reached any more$/m)
  })

  it('one that is stopped, and one that says nothing, are waited for no longer than it takes to say so', async () => {
    const stopped = await start()
    stopped.child.kill('SIGSTOP')
    // What listens and says nothing holds nobody up.
    const mute = createServer(() => {}).listen(join(folder, `${process.pid}-9.sock`))
    const [{ code, err }, { out }] = await Promise.all([run('load', String(stopped.child.pid), 'idle'), run('ps')])
    mute.close()
    expect(code).toBe(1)
    expect(err).toMatch(/^spillway: the program did not answer within 5 s: it is stopped/)
    expect(out).toMatch(new RegExp(`^${process.pid} .*did not answer within 5 s`, 'm'))
  })

  it('a file of a program that is killed meanwhile is not left half', async () => {
    const other = await start()
    const otherPid = String(other.child.pid)
    other.child.stdin.write('50000\n')
    await other.printed(/leaked 50000/)
    const taking = cli('snapshot', otherPid, 'sessions', '--out', join(files, 'killed.heapsnapshot'))
    await taking.printed(/writes down its heap/)
    other.child.kill('SIGKILL')
    expect(await taking.ended).toBe(1)
    expect(taking.stderr()).toMatch(/the program (?:ended|is not there)/)
    expect(readdirSync(files).filter((file) => file.includes('killed'))).toEqual([])
    await other.ended
    expect((await run('ps')).out).not.toContain(otherPid)
  })
})
