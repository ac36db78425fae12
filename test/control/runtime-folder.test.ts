import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { folderState, openRuntimeFolder, runtimeFolders } from '../../src/control/runtime-folder.ts'

const user = process.getuid?.() ?? 0
let root: string
let temporary: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  temporary = join(root, 'tmp')
  mkdirSync(temporary, { mode: 0o700 })
  vi.stubEnv('TMPDIR', temporary)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true })
})
const mode = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8)
const inTemporary = (): string => join(temporary, `spillway-${user}`)

describe('the folder of control sockets', () => {
  it("is in the user's runtime folder, where that is nobody else's", () => {
    const runtime = join(root, 'run')
    mkdirSync(runtime, { mode: 0o700 })
    const path = openRuntimeFolder({ XDG_RUNTIME_DIR: runtime })
    expect([path, mode(path)]).toEqual([join(runtime, 'spillway'), '700'])
    expect(runtimeFolders({ XDG_RUNTIME_DIR: runtime })[0]).toBe(path)
  })

  it.each(['absent', 'relative', 'open to others', 'a link'])('is in the temporary one, where that is %s', (what) => {
    const runtime = join(root, 'run')
    mkdirSync(runtime, { mode: 0o700 })
    symlinkSync(runtime, join(root, 'link'))
    if (what === 'open to others') chmodSync(runtime, 0o755)
    const given = { absent: undefined, relative: 'run', 'open to others': runtime, 'a link': join(root, 'link') }[what]
    expect(openRuntimeFolder({ XDG_RUNTIME_DIR: given })).toBe(inTemporary())
    expect(mode(inTemporary())).toBe('700')
    expect(runtimeFolders({})).toContain(inTemporary())
    // A second time it is there.
    expect(openRuntimeFolder({})).toBe(inTemporary())
  })

  it('is made for its user alone, whatever the umask', () => {
    const before = process.umask(0)
    try {
      expect(mode(openRuntimeFolder({}))).toBe('700')
    } finally {
      process.umask(before)
    }
  })

  it('is refused where it is a link, a file, or open to others', () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    symlinkSync(elsewhere, inTemporary())
    expect(() => openRuntimeFolder({})).toThrow(`${inTemporary()} is a symbolic link: remove it, and it is made anew`)
    rmSync(inTemporary())
    writeFileSync(inTemporary(), '')
    expect(() => openRuntimeFolder({})).toThrow('is no folder: remove it')
    rmSync(inTemporary())
    for (const open of [0o777, 0o710, 0o704]) {
      mkdirSync(inTemporary(), { mode: 0o700 })
      chmodSync(inTemporary(), open)
      expect(() => openRuntimeFolder({})).toThrow(`has mode ${open.toString(8)}, and should have 700`)
      rmSync(inTemporary(), { recursive: true })
    }
    expect(folderState(inTemporary())).toEqual({ status: 'missing' })
  })

  it('is refused where others may put another one in its place', () => {
    chmodSync(temporary, 0o777)
    expect(() => openRuntimeFolder({})).toThrow(
      `${temporary} may be written to by others: set XDG_RUNTIME_DIR or TMPDIR`,
    )
    chmodSync(temporary, 0o1777)
    expect(openRuntimeFolder({})).toBe(inTemporary())
    const own = join(temporary, 'own')
    mkdirSync(own, { mode: 0o700 })
    chmodSync(temporary, 0o777)
    expect(() => openRuntimeFolder({ XDG_RUNTIME_DIR: own })).toThrow(`${temporary} may be written to by others`)
  })

  it.runIf(user === 0)("is refused where it is somebody else's, or in what is", () => {
    mkdirSync(inTemporary(), { mode: 0o700 })
    chownSync(inTemporary(), 12_345, 12_345)
    expect(() => openRuntimeFolder({})).toThrow('belongs to user 12345: remove it')
    rmSync(inTemporary(), { recursive: true })
    chownSync(temporary, 12_345, 12_345)
    expect(() => openRuntimeFolder({})).toThrow(`${temporary} belongs to user 12345`)
  })
})
