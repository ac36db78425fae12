import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { packageFiles, packageFolder } from '../base/package-files.ts'

export interface Asset {
  readonly type: string
  readonly body: Buffer
}

/** Everything the page is made of, by path, and what its content security policy allows. */
export interface PageAssets {
  readonly files: ReadonlyMap<string, Asset>
  readonly contentSecurityPolicy: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Files of packages that are served as they are; with a bare specifier, the page imports them by it. */
const vendored = [
  { package: 'preact', file: 'dist/preact.mjs', specifier: 'preact' },
  { package: 'preact', file: 'hooks/dist/hooks.mjs', specifier: 'preact/hooks' },
  { package: 'htm', file: 'dist/htm.module.js', specifier: 'htm' },
  { package: 'uplot', file: 'dist/uPlot.iife.min.js', specifier: undefined },
  { package: 'uplot', file: 'dist/uPlot.min.css', specifier: undefined },
]
/** Modules that only a worker of the page imports, when there is something for it to do. */
const ofWorker: ReadonlySet<string> = new Set(
  ['heap-worker', 'heap-diff', 'heap-snapshot-reader'].map((name) => `/page/${name}.js`),
)
const modulesMark = '<!-- modules -->'

/** @throws Error naming the packages to install when one is missing. */
export async function loadPageAssets(): Promise<PageAssets> {
  const folder = pageFolder()
  const files = new Map<string, Asset>()
  const imports: Record<string, string> = {}
  for (const { package: name, file, specifier } of vendored) {
    const path = `/vendor/${name}/${file}`
    files.set(path, { type: typeOf(file), body: await readVendored(name, file) })
    if (specifier !== undefined) imports[specifier] = relative(path)
  }
  for (const file of await readdir(folder)) {
    // Types for whatever else words figures as the page does.
    if (extname(file) === '.ts') continue
    const body = await readFile(join(folder, file))
    files.set(`/page/${file}`, { type: typeOf(file), body: isModule(file) ? withoutTypes(body) : body })
  }
  const importMap = JSON.stringify({ imports })
  const html = files.get('/page/index.html')?.body.toString('utf8') ?? ''
  const modules = [`<script type="importmap">${importMap}</script>`]
  for (const path of files.keys()) {
    // Asked for at once, not one after another as they import each other.
    if (isModule(path) && !ofWorker.has(path)) modules.push(`<link rel="modulepreload" href="${relative(path)}" />`)
  }
  const index = html.replace(modulesMark, modules.join('\n    '))
  files.set('/', { type: typeOf('.html'), body: Buffer.from(index) })
  files.delete('/page/index.html')
  return { files, contentSecurityPolicy: policyFor(importMap) }
}

/** Nothing but files of this server, and the one inline script whose text is known. */
function policyFor(importMap: string): string {
  const hash = createHash('sha256').update(importMap).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** A fifth of the page are types and words for whoever reads the source, in comments on lines of their own. Browsers need neither. */
function withoutTypes(module: Buffer): Buffer {
  return Buffer.from(module.toString('utf8').replaceAll(/^[ \t]*\/\*\*(?:(?!\*\/)[^])*\*\/[ \t]*\n/gm, ''))
}

function pageFolder(): string {
  const files = packageFiles()
  if (files.kind === 'package') return join(files.folder, 'src', 'dashboard', 'page')
  throw new Error(
    "The dashboard's page is made of many files, which are not in a bundle: where it runs, npm install spillway preact htm uplot",
  )
}

async function readVendored(name: string, file: string): Promise<Buffer> {
  try {
    const folder = packageFolder(name)
    if (folder === undefined) throw new Error(`there is no package "${name}"`)
    return await readFile(join(folder, file))
  } catch (cause) {
    throw new Error(
      `The dashboard's page needs the package "${name}", which could not be read: npm install preact htm uplot`,
      { cause },
    )
  }
}

/** As the page names it: it may stand below any path, behind a proxy that takes that path away. */
const relative = (path: string): string => `.${path}`

const isModule = (path: string): boolean => /\.m?js$/.test(path) && !path.includes('.iife.')

const typeOf = (file: string): string => types[extname(file) || file] ?? 'application/octet-stream'
