import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { expect, it } from 'vitest'

/** What Node 24 and 26 have and Node 20 has not, as Node 20.20 says when it is asked for the names of its modules. */
const newer: Readonly<Record<string, string>> = {
  crypto: 'argon2 argon2Sync createMac decapsulate encapsulate getMacs parsePKCS12 randomUUIDv7',
  diagnostics_channel: 'BoundedChannel boundedChannel',
  fs: 'Utf8Stream glob globSync mkdtempDisposableSync openAsBlobSync',
  'fs/promises': 'glob mkdtempDisposable',
  http: 'CloseEvent MessageEvent WebSocket setGlobalProxyFromEnv',
  module:
    'constants enableCompileCache findPackageJSON flushCompileCache getCompileCacheDir getSourceMapsSupport registerHooks setSourceMapsSupport stripTypeScriptTypes',
  perf_hooks: 'createSlidingWindowHistogram eventLoopUtilization importHistogram timerify',
  process: 'addUncaughtExceptionCaptureCallback execve finalization ref threadCpuUsage unref',
  tls: 'getCACertificates getCertificateCompressionAlgorithms setDefaultCACertificates',
  url: 'URLPattern fileURLToPathBuffer',
  util: 'convertProcessSignalToExitCode debounce diff getCallSites getSystemErrorMessage markPromiseAsHandled setTraceSigInt throttle',
  v8: 'getCppHeapStatistics isStringOneByteRepresentation setHeapProfileNearHeapLimit startCpuProfile startHeapProfile',
  worker_threads: 'isInternalThread isMarkedAsUntransferable locks markAsUncloneable threadName',
}
const newerModules = ['ffi', 'sqlite']

it('no module imports by name what an older Node has not: it could not be linked, and would not come to say which Node it needs', () => {
  const root = new URL('../../', import.meta.url)
  const files = globSync(['src/**/*.ts', 'workers/*.ts'], { cwd: root, exclude: ['src/demo/**', 'src/examples/**'] })
  const imports = files.flatMap((file) =>
    [
      ...readFileSync(new URL(file, root), 'utf8').matchAll(
        /^(?:import|export) (?!type )([^'"]*?)from 'node:([\w/]+)'/gm,
      ),
    ].map(([, names = '', module = '']) => ({ file, module, names: names.match(/\w+/g) ?? [] })),
  )
  expect(imports.length).toBeGreaterThan(100)
  expect(imports.filter(({ module }) => !builtinModules.includes(module) && !newerModules.includes(module))).toEqual([])
  const refused = imports.filter(
    ({ module, names }) =>
      newerModules.includes(module) || names.some((name) => newer[module]?.split(' ').includes(name)),
  )
  expect(refused).toEqual([])
})
