import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { requestText } from './raw-client.ts'

export const token = 'a-token-that-nobody-guesses'
/** A name that would break out of a header, a path and a line, if anything did. */
export const hostile = 'kept"; x=../é\u2028<b>'
export const components = `/api/components/${encodeURIComponent(hostile)}`
export const unload = `POST ${components}/unload`
const right = `Authorization: Bearer ${token}`
export const json = 'Content-Type: application/json'
export const asPage = [right, json]

export interface Row {
  readonly name: string
  /** Written one after another. */
  readonly send: (address: DashboardAddress) => string | readonly string[]
  /** Of each answer. */
  readonly expected: readonly number[]
  /** Refusals told, by status; default: those of the answers that say no. */
  readonly told?: readonly number[]
  /** What must be nowhere in the answers. */
  readonly never?: RegExp
}

/** One request that says everything as it should but for what is given. */
function row(name: string, line: string, headers: readonly string[], expected: number, body = ''): Row {
  return { name, send: (address) => requestText(address, line, headers, body), expected: [expected] }
}

const never = { never: /pressureLevel|"components"|spillway_/ }
const figures = ['/api/memory', '/api/components', components, '/api/plan', '/api/advice', '/api/schemas', '/metrics']

/** What is tried, by what it goes for. */
export const table: Readonly<Record<string, readonly Row[]>> = {
  'the host': [
    ...[
      'evil.example',
      'evil.example:8080',
      '127.0.0.1.nip.io',
      'localhost.evil.example',
      'user@localhost',
      'localhost@evil.example',
      '192.0.2.1',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
      '[2001:db8::1]:80',
      '[::]',
      '[::1',
      'localhost:80:80',
      'localhost/',
      'localhost, evil.example',
      '',
    ].map((host) => ({ ...row(`is ${JSON.stringify(host)}`, 'GET /api/memory', [`Host: ${host}`], 421), ...never })),
    ...['/', '/healthz', '/metrics', '/nothing', '/%E0%A4%A'].map((path) =>
      row(`of another name gets nothing of ${path}`, `GET ${path}`, ['Host: evil.example'], 421),
    ),
    row(
      'is rebound, with everything else right',
      unload,
      ['Host: evil.example', 'Origin: http://evil.example', ...asPage],
      421,
      '{}',
    ),
    {
      name: 'is missing',
      send: () => 'GET /api/memory HTTP/1.1\r\nConnection: close\r\n\r\n',
      expected: [421],
      ...never,
    },
    row('is said twice, the right one first', 'GET /api/memory', ['Host: localhost', 'Host: evil.example'], 421),
    row('is said twice, the right one last', 'GET /api/memory', ['Host: evil.example', 'Host: localhost'], 421),
    row('is said in the line as well', 'GET http://evil.example/api/memory', [], 421),
    row('is said in the line, and right', 'GET http://127.0.0.1/api/memory', [], 421),
    row('has no path', 'OPTIONS *', [], 421),
  ],
  'figures, asked for without the token': [
    ...figures.map((path) => ({
      ...row(`by another name: ${path}`, `GET ${path}`, ['Host: ops.example'], 401),
      ...never,
    })),
    ...[
      '/api/memory/',
      '/%61pi/memory',
      '/api//memory',
      '/API/MEMORY',
      '/api/memory;x',
      '/api/memory?token=' + token,
    ].map((path) => ({ ...row(`by another name: ${path}`, `GET ${path}`, ['Host: ops.example'], 401), ...never })),
    ...['ops.example.', 'OPS.EXAMPLE:443'].map((host) => row(`by ${host}`, 'GET /api/events', [`Host: ${host}`], 401)),
    ...[
      'Forwarded: for=localhost',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Anything: 1',
      'Via: 1.1 a',
      'X-Real-IP: ::1',
    ].map((header) => ({
      ...row(`through a proxy: ${header}`, 'GET /api/memory', ['Host: localhost', header], 401),
      ...never,
    })),
    {
      name: 'through a proxy that says nothing but HTTP/1.0',
      send: () => 'GET /api/memory HTTP/1.0\r\nHost: localhost\r\n\r\n',
      expected: [401],
      ...never,
    },
    row('as an answer for a viewer', 'POST /api/viewers/x', ['Host: ops.example', 'Content-Length: 0'], 401),
  ],
  'pages of other origins': [
    ...[
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      'http://127.0.0.1',
      'http://localhost',
      'file://',
      'http://127.0.0.1.evil.example',
      '',
    ].flatMap((origin) => [
      row(`${JSON.stringify(origin)} act`, unload, [`Origin: ${origin}`, ...asPage], 403, '{}'),
      row(`${JSON.stringify(origin)} read`, 'GET /api/memory', [`Origin: ${origin}`], 403),
    ]),
    {
      name: 'of the same name with TLS, where there is none',
      send: (address) => requestText(address, unload, [`Origin: https://127.0.0.1:${address.port}`, ...asPage], '{}'),
      expected: [403],
    },
    {
      name: 'and of this one',
      send: (address) =>
        requestText(
          address,
          unload,
          [`Origin: http://127.0.0.1:${address.port}`, 'Origin: http://evil.example', ...asPage],
          '{}',
        ),
      expected: [403],
    },
    ...['cross-site', 'same-site', 'anything', '', 'same-origin, cross-site'].map((site) =>
      row(`Sec-Fetch-Site ${JSON.stringify(site)}`, unload, [`Sec-Fetch-Site: ${site}`, ...asPage], 403, '{}'),
    ),
    row(
      'ask first',
      `OPTIONS ${components}/unload`,
      ['Origin: http://evil.example', 'Access-Control-Request-Method: POST'],
      403,
    ),
  ],
  'forms and methods': [
    ...[
      ['application/x-www-form-urlencoded', 'a=1'],
      ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'],
      ['text/plain', '{}'],
      ['text/plain; application/json', '{}'],
      ['application/jsonx', '{}'],
      ['application/ld+json', '{}'],
      ['', '{}'],
    ].map(([type = '', body = '']) =>
      row(`as ${JSON.stringify(type)}`, unload, [right, `Content-Type: ${type}`], 415, body),
    ),
    row('without a type', unload, [right], 415, '{}'),
    ...['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'].map((method) =>
      row(
        `by ${method}`,
        `${method} ${components}/unload`,
        [right, json],
        404,
        method === 'GET' || method === 'HEAD' ? '' : '{}',
      ),
    ),
    row('by GET that says it is a POST', `GET ${components}/unload`, [...asPage, 'X-HTTP-Method-Override: POST'], 404),
    row('by a method that there is not', `NONSENSE ${components}/unload`, asPage, 400),
    row('by TRACE', `TRACE ${components}/unload`, [right], 404),
  ],
  'the token': [
    row('is missing', unload, [json], 401, '{}'),
    row('is wrong', unload, [json, `${right}x`], 401, '{}'),
    row('is only begun', unload, [json, right.slice(0, -1)], 401, '{}'),
    row('is in the query', `${unload}?token=${token}`, [json], 401, '{}'),
    row('is in the body', unload, [json], 401, JSON.stringify({ token })),
    row('is in a cookie', unload, [json, `Cookie: token=${token}; Authorization=Bearer ${token}`], 401, '{}'),
    row('is of another scheme', unload, [json, `Authorization: Basic ${btoa(`:${token}`)}`], 401, '{}'),
    row('is said twice, the wrong one first', unload, [json, 'Authorization: Bearer wrong', right], 401, '{}'),
    row('is said to a proxy', unload, [json, `Proxy-Authorization: Bearer ${token}`], 401, '{}'),
  ],
  'files that are not of the page': [
    ...[
      '/page/../dashboard.ts',
      '/page/%2e%2e/dashboard.ts',
      '/page/%252e%252e/dashboard.ts',
      '/page/..%2fdashboard.ts',
      String.raw`/page/..\dashboard.ts`,
      '/page/..%5cdashboard.ts',
      '/page/app.js%00.html',
      '/page//app.js',
      '/../../../../etc/passwd',
      '//etc/passwd',
      '/page/',
      '/page/__proto__',
      '/vendor/preact/package.json',
      '/package.json',
      '/constructor',
    ].map((path) => ({ ...row(path, `GET ${path}`, [right], 404), never: /import |root:|"name": / })),
    row('/page/%E0%A4%A', 'GET /page/%E0%A4%A', [], 400),
  ],
  'bodies and names': [
    row('a huge body', unload, asPage, 413, JSON.stringify({ a: 'x'.repeat(100_000) })),
    row('a huge body that is only said', unload, [...asPage, 'Content-Length: 1000000000000'], 413),
    row('a body that is no JSON', unload, asPage, 400, '{"a":'),
    row('a body that is empty', unload, [...asPage, 'Content-Length: 0'], 400),
    row(
      'deep JSON where an object is wanted',
      'POST /api/memory/free',
      asPage,
      400,
      '['.repeat(30_000) + ']'.repeat(30_000),
    ),
    row(
      'deep JSON as a value',
      'POST /api/memory/free',
      asPage,
      400,
      `{"bytes":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`,
    ),
    row('__proto__ in a body', 'POST /api/memory/options', asPage, 400, '{"__proto__":{"autoUnloadEnabled":true}}'),
    row(
      '__proto__, escaped',
      'POST /api/memory/options',
      asPage,
      400,
      String.raw`{"\u005f_proto__":{"autoUnloadEnabled":true}}`,
    ),
    row(
      'constructor in a body',
      'POST /api/memory/options',
      asPage,
      400,
      '{"constructor":{"prototype":{"autoUnloadEnabled":true}}}',
    ),
    row('a limit of nothing', 'POST /api/memory/options', asPage, 400, '{"totalLimit":0}'),
    row('an amount of nonsense', 'POST /api/memory/free', asPage, 400, '{"bytes":1e999}'),
    ...['__proto__', 'constructor', 'toString', 'a%0d%0aSet-Cookie:%20b', 'a%00', '..%2f..', 'x'.repeat(4_000)].map(
      (name) => row(`the name ${name.slice(0, 30)}`, `POST /api/components/${name}/unload`, asPage, 404, '{}'),
    ),
    row('a name that is too long', `POST /api/components/${'x'.repeat(5_000)}/unload`, asPage, 414, '{}'),
    row('__proto__ in a query', 'GET /api/plan?__proto__=1&constructor=2&level=critical&level=high', [right], 400),
    row('a component that there is not', 'GET /api/components/nobody', [right], 404),
    row('what is expected of nobody', 'GET /healthz', ['Expect: a-miracle'], 417),
    row('huge headers', 'GET /api/memory', [`X-Long: ${'x'.repeat(20_000)}`], 431),
    row('a huge address', `GET /${'x'.repeat(20_000)}`, [], 431),
    {
      ...row(
        'a part of an answer',
        'GET /healthz',
        ['Range: bytes=0-0', 'If-None-Match: *', 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
        200,
      ),
      told: [],
    },
  ],
  'requests in requests': [
    ...[
      ['both lengths', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
      ['both lengths, the other way round', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
      ['two lengths', ['Content-Length: 2', 'Content-Length: 200']],
      ['a list of lengths', ['Content-Length: 2, 200']],
      ['a signed length', ['Content-Length: +2']],
      ['a negative length', ['Content-Length: -2']],
      ['an unknown coding', ['Transfer-Encoding: xchunked']],
      ['two codings', ['Transfer-Encoding: chunked, identity']],
      ['a coding with a blank before the colon', ['Transfer-Encoding : chunked']],
      ['a folded header', ['X-A: b', ' Content-Length: 2']],
      ['a lone carriage return in a header', ['X-A: b\rContent-Length: 2']],
      ['a NUL in a header', ['X-A: \0']],
    ].map(([name, headers]) => ({
      name: String(name),
      send: (address: DashboardAddress) =>
        requestText(address, unload, [...asPage, 'Connection: keep-alive', ...(headers as string[])]) +
        `0\r\n\r\n${requestText(address, unload, asPage, '{}')}`,
      expected: [400],
    })),
    {
      name: 'lines that end with a line feed alone',
      send: (address) => requestText(address, unload, asPage, '{}').replaceAll('\r\n', '\n'),
      expected: [400],
    },
    {
      name: 'one in the body of another is no request',
      send: (address) =>
        requestText(address, 'POST /api/memory/free', [...asPage], requestText(address, unload, asPage, '{}')),
      expected: [400],
    },
    {
      name: 'several on one connection are each looked at, and none is answered after a refusal',
      send: (address) =>
        requestText(address, 'GET /healthz', ['Connection: keep-alive']) +
        requestText(address, unload, ['Connection: keep-alive', json], '{}') +
        requestText(address, unload, ['Host: evil.example', ...asPage], '{}'),
      expected: [200, 401],
      told: [401, 421],
    },
  ],
  'other protocols': [
    {
      ...row(
        'a WebSocket',
        'GET /api/nothing',
        [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Origin: http://evil.example',
        ],
        403,
      ),
      send: (address) =>
        requestText(address, 'GET /api/events', [
          'Connection: Upgrade, close',
          'Upgrade: websocket',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Origin: http://evil.example',
        ]),
    },
    row(
      'HTTP/2 by upgrade',
      'GET /nothing',
      [right, 'Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'],
      404,
    ),
    { name: 'HTTP/2 at once', send: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', expected: [400] },
    row('a tunnel', 'CONNECT 127.0.0.1:22', [], 405),
    { name: 'TLS', send: () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', expected: [400] },
    { name: 'nothing that means anything', send: () => 'hello\r\n\r\n', expected: [400] },
    { name: 'another version', send: () => 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', expected: [400] },
  ],
}
