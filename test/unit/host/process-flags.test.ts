import { expect, test } from 'vitest'
import { inheritedFlags } from '../../../src/host/process/process-flags.ts'
import { needsNewProcess, needsNewThread } from '../../../src/host/worker-environment.ts'

test('a child has the options of its parent that say how code runs', () => {
  const how = ['--import', './hook.js', '--conditions', 'test', '-C', 'more', '--enable-source-maps', '--permission']
  expect(inheritedFlags([...how, '--expose-gc'])).toEqual([...how, '--expose-gc'])
})

test.each([
  [['--inspect', '--inspect-brk=0', '--inspect-port', '9230']],
  [['--input-type=module', '-e', 'code', '-p', 'more code']],
  [['--watch', '--watch-path', 'src', '--test', '--test-name-pattern', 'x']],
  [['--env-file=.env', '--env-file', '.env', '--env-file-if-exists=.env', '--env-file-if-exists', '.env']],
])('a child does not have %o, which is about the start of its parent', (flags) => {
  expect(inheritedFlags(['--no-warnings', ...flags, '--expose-gc'])).toEqual(['--no-warnings', '--expose-gc'])
})

test('what is read when a process starts cannot be changed later', () => {
  for (const name of ['LD_LIBRARY_PATH', 'UV_THREADPOOL_SIZE', 'SSL_CERT_FILE', 'LANG', 'LC_ALL']) {
    expect([needsNewProcess({ [name]: '1' }), needsNewThread({ [name]: '1' })]).toEqual([true, false])
  }
  expect(needsNewProcess({ TZ: null })).toBe(true)
  expect(needsNewProcess({ MINE: '1', LANGUAGE: 'de', SLD_: '1' })).toBe(false)
})
