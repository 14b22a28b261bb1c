/** The examples in the docs: they compile against the built package, and the long one is a test that runs. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = ['README.md', '../../docs/guides/typescript.md']
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8')

/** Every example of a page as a module of its own; of a component of Vue or Svelte its script. */
function examples(page: string): [file: string, text: string][] {
  const blocks = [...read(page).matchAll(/^```(ts|tsx|vue|svelte)\n(.*?)^```$/gms)]
  return blocks.map(([, kind = '', block = ''], index) => {
    const script = /<script[^>]*>\n(.*?)<\/script>/s.exec(block)?.[1]
    const name = page.replaceAll(/\W+/g, '-')
    return [`${root}test/${name}-${index + 1}.${kind === 'tsx' ? 'tsx' : 'mts'}`, `${script ?? block}\nexport {}\n`]
  })
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  jsx: ts.JsxEmit.ReactJSX,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node', 'svelte'],
}

it('every example in the README and the guide compiles against what is published', { timeout: 120_000 }, () => {
  const files = new Map(pages.flatMap(examples))
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.getCurrentDirectory = () => root
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path) ?? readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path)
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  const found = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file?.fileName.slice(root.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  expect(found).toEqual([])
  expect(files.size).toBeGreaterThan(8)
})

it('the guide shows the test of a component as it runs', () => {
  expect(read('../../docs/guides/typescript.md')).toContain(`\`\`\`tsx\n${read('test/guide/job-badge.test.tsx')}\`\`\``)
})

it('every entry is in the README', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: object }
  const rows = Object.keys(exports).filter((name) => name !== './package.json')
  expect(rows.filter((name) => !read('README.md').includes(`| \`${name}\` |`))).toEqual([])
})
