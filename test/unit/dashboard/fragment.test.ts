import { expect, it } from 'vitest'
import { componentLink, routeOf, withoutToken } from '../../../src/dashboard/page/fragment.js'

it.each([
  ['#/', '#/', undefined],
  ['', '', undefined],
  ['#token=a%2Bb%25', '#/', 'a+b%'],
  ['#token=a+b', '#/', 'a+b'],
  ['#token=100%', '#/', '100%'],
  ['#token=', '#/', ''],
  ['#token=T&to=/component/a%2Fb?range=1h&sort=-heap', '#/component/a%2Fb?range=1h&sort=-heap', 'T'],
  ['#token=T&to=%2Fcomponent%2Forders', '#/component/orders', 'T'],
  ['#token=T&to=elsewhere', '#/', 'T'],
  ['#token=T&to=https://elsewhere.example', '#/', 'T'],
  ['#/component/orders?token=T', '#/component/orders', 'T'],
  ['#/?q=ord&token=T&show=loaded', '#/?q=ord&show=loaded', 'T'],
  ['#/component/token=T', '#/component/token=T', undefined],
])('of %s the fragment %s and the token %s are left', (given, fragment, token) => {
  expect(withoutToken(given)).toEqual({ fragment, token })
})

it.each(['orders', 'a/b c?&100%', '%zz', 'family:#1', '\n'])('the page of %j is found by its link', (name) => {
  const { component, options } = routeOf(`${componentLink(name)}?range=1h`)
  expect(component).toBe(name)
  expect(options.get('range')).toBe('1h')
})

it.each(['', '#/', '#/component/', '#nonsense', '#/?q=x'])('%j is the overview', (fragment) => {
  expect(routeOf(fragment).component).toBeUndefined()
})
