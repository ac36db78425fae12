import { expect, it } from 'vitest'
import { hostName, isLoopbackAddress, isLoopbackName, signOfProxy } from '../../../src/dashboard/reach.ts'

it.each(['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'])(
  '%s is an address of this machine alone',
  (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
    expect(isLoopbackName(address)).toBe(true)
  },
)

it.each([
  '',
  'localhost',
  '0.0.0.0',
  '128.0.0.1',
  '::',
  '::2',
  '::ffff:10.0.0.1',
  'fe80::1',
  '::1%lo',
  '127.1',
  '2130706433',
  '127.0.0.1.',
])('%j is none', (address) => {
  expect(isLoopbackAddress(address)).toBe(false)
})

it.each(['example.com', 'localhost.example.com', 'xlocalhost', '127.0.0.1.nip.io', '127.0.0.1.example', 'local'])(
  '%s is no name of it',
  (name) => {
    expect(isLoopbackName(name)).toBe(false)
  },
)

it.each([
  ['localhost', 'localhost'],
  ['LocalHost.:8080', 'localhost'],
  ['app.localhost:1', 'app.localhost'],
  ['[::1]', '::1'],
  ['[::FFFF:7F00:1]:80', '::ffff:7f00:1'],
  ['127.0.0.1:65535', '127.0.0.1'],
])('a host of %s has the name %s', (header, name) => {
  expect(hostName(header)).toBe(name)
})

it.each([undefined, '', ':80', 'a:', 'a:b', '::1', '[::1', '[localhost]', 'user@localhost', 'a:80:80', '[127.0.0.1]'])(
  'a host of %j has none',
  (header) => {
    expect(hostName(header)).toBeUndefined()
  },
)

it('a proxy shows by a header, or by its HTTP/1.0', () => {
  expect(signOfProxy({ host: 'a', accept: '*/*', 'x-requested-with': 'b' }, '1.1')).toBeUndefined()
  expect(signOfProxy({ 'x-forwarded-port': '1' }, '1.1')).toBe('the header x-forwarded-port')
  expect(signOfProxy({ host: 'a' }, '1.0')).toBe('HTTP/1.0')
})
