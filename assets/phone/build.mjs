// Builds dist/. With --check: builds again and compares with what is
// committed, byte for byte, and checks the weight of the page.

import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')

/** Gzipped bytes: before the first photo can be taken, and in all (design: issue of the phone page). */
const budget = { first: 30 * 1024, all: 140 * 1024 }

/** Style sheets that are fetched with the screens that they are for: minified, and imported as their address. */
const lateSheets = {
  name: 'late style sheets',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.late\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: 'es2020' })
      return { contents: code, loader: 'file' }
    }),
}

async function build() {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: { page: 'src/main.tsx', style: 'src/page.css' },
    outdir: 'dist/assets',
    entryNames: '[name].[hash]',
    chunkNames: '[name].[hash]',
    assetNames: 'late.[hash]',
    plugins: [lateSheets],
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    target: 'es2020',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.BUILD': '"production"' },
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    metafile: true,
  })
  const files = new Map()
  let js = ''
  let css = ''
  for (const f of result.outputFiles) {
    const name = f.path.slice(dist.length + 1).replaceAll('\\', '/')
    files.set(name, Buffer.from(f.contents))
    if (/assets\/page\./.test(name)) js = name.slice('assets/'.length)
    if (/assets\/style\./.test(name)) css = name.slice('assets/'.length)
  }
  const svg = await readFile(join(here, 'src/icon.svg'))
  const icon = `icon.${createHash('sha256').update(svg).digest('hex').slice(0, 8).toUpperCase()}.svg`
  files.set(`assets/${icon}`, svg)
  const html = (await readFile(join(here, 'src/index.html'), 'utf8')).replace('{js}', js).replace('{css}', css).replace('{icon}', icon)
  files.set('index.html', Buffer.from(html))
  weigh(files, result.metafile, js, css)
  return files
}

function weigh(files, metafile, js, css) {
  const size = (name) => gzipSync(files.get(name), { level: 9 }).length
  const first = new Set(['index.html', `assets/${css}`])
  const visit = (name) => {
    if (first.has(name)) return
    first.add(name)
    for (const i of metafile.outputs[`dist/${name}`].imports) {
      if (i.kind === 'import-statement') visit(i.path.replace(/^dist\//, ''))
    }
  }
  visit(`assets/${js}`)
  const sum = (names) => [...names].reduce((n, name) => n + size(name), 0)
  const got = { first: sum(first), all: sum(files.keys()) }
  for (const part of ['first', 'all']) {
    console.log(`${part}: ${got[part]} of ${budget[part]} bytes gzipped`)
    if (got[part] > budget[part]) throw new Error(`the page is too heavy (${part})`)
  }
}

async function committed() {
  const out = new Map()
  for (const f of await readdir(dist, { recursive: true, withFileTypes: true })) {
    if (!f.isFile()) continue
    const path = join(f.parentPath ?? f.path, f.name)
    out.set(path.slice(dist.length + 1).replaceAll('\\', '/'), await readFile(path))
  }
  return out
}

const files = await build()
if (process.argv.includes('--check')) {
  const old = await committed()
  const names = new Set([...files.keys(), ...old.keys()])
  const stale = [...names].filter((n) => !files.has(n) || !old.has(n) || !files.get(n).equals(old.get(n)))
  if (stale.length) {
    console.error(`dist is not what the source builds: ${stale.join(', ')}; run "npm run build" and commit dist`)
    process.exit(1)
  }
  console.log('dist is fresh')
} else {
  await rm(dist, { recursive: true, force: true })
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(dist, name)), { recursive: true })
    await writeFile(join(dist, name), bytes)
  }
}
