import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

describe('the life of a process with locks', () => {
  const manager = new URL('../../src/locks/lock-manager.ts', import.meta.url).href

  async function exitOf(script: string): Promise<number | null> {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', `import { LockManager } from '${manager}'\n${script}`],
      { stdio: 'ignore', signal: AbortSignal.timeout(15_000) },
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  }

  it('ends while locks are held, without close', async () => {
    expect(await exitOf(`const locks = new LockManager(); await locks.acquire('a')`)).toBe(0)
  })

  it('goes on while an acquire waits', async () => {
    const script = `const locks = new LockManager(); await locks.acquire('a')
      await locks.acquire('a', { timeout: 50 }).catch(() => process.exit(7))`
    expect(await exitOf(script)).toBe(7)
  })
})
