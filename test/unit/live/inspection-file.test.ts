import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { writeAndOpen } from '../../../src/live/inspection-file.ts'
import { rejection } from '../../support/coordinator.ts'

it.each(['ENOSPC', 'EDQUOT'])('a disk that is full (%s) is told without a path, and leaves nothing', async (code) => {
  let folder = ''
  const error = await rejection(
    writeAndOpen(async (path) => {
      folder = dirname(path)
      const cause = Object.assign(new Error(`${code}: no space left on device, open '${path}'`), { code })
      throw new Error('The snapshot could not be written', { cause })
    }),
  )
  expect(error).toMatchObject({ status: 507, code: 'NO_SPACE' })
  expect(String(error)).not.toContain(tmpdir())
  expect((await readdir(tmpdir())).map((each) => `${tmpdir()}/${each}`)).not.toContain(folder)
})
