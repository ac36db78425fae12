import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isAllWanted } from '../support/all-wanted.ts'
import { natsProgram } from '../support/nats-program.ts'

const program = fileURLToPath(new URL('../../src/demo/cluster/main.ts', import.meta.url))

// It takes the time that it takes.
describe.skipIf(!isAllWanted || natsProgram === undefined)('the demo of a cluster', { timeout: 120_000 }, () => {
  it('kills a host, loses no acknowledged order, runs none twice, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
    const env = { ...process.env, TMPDIR: folder }
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--seconds', '25', '--port', '0'], { env })
    expect(stdout).toMatch(/^Dashboard: {2}http:\/\/127\.0\.0\.1:\d+\/#token=/)
    expect(stdout).toMatch(/kill -9 of (north|south|east), which owns \d+ keys/)
    expect(stdout).toMatch(/^[1-9]\d* orders were acknowledged/m)
    expect(stdout).toContain('On disk: 0 acknowledged orders lost, 0 run twice, 0 run that were said not to have begun')
    expect(readdirSync(folder)).toEqual([])
    for (const [, pid] of stdout.matchAll(/process (\d+)/g)) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    rmSync(folder, { recursive: true })
  })
})
