import { describe, expect, it } from 'vitest'
import { parseLine, toLine } from '../src/lib/argv'

const argvOf = (line: string): readonly string[] => {
  const parsed = parseLine(line)
  expect(parsed.kind).toBe('argv')
  return parsed.argv
}

describe('parseLine', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['   ', []],
    ['echo hello', ['echo', 'hello']],
    ['  echo \t two   blanks ', ['echo', 'two', 'blanks']],
    [`sh -c 'for i in 1 2; do echo $i; done'`, ['sh', '-c', 'for i in 1 2; do echo $i; done']],
    [`echo "a b" c`, ['echo', 'a b', 'c']],
    [String.raw`echo "say \"hi\" for \$5 \n"`, ['echo', String.raw`say "hi" for $5 \n`]],
    [String.raw`echo a\ b \'c\'`, ['echo', 'a b', `'c'`]],
    [`echo ''`, ['echo', '']],
    [`echo a''b"c"'d'`, ['echo', 'abcd']],
    [`echo 'ünï 😀'`, ['echo', 'ünï 😀']],
  ])('%j', (line, argv) => {
    expect(argvOf(line)).toEqual(argv)
  })

  it.each([
    [`echo 'open`, `a closing ' is missing`],
    [`echo "open`, 'a closing " is missing'],
    ['echo \\', 'a character after \\ is missing'],
  ])('says what is missing in %j', (line, why) => {
    expect(parseLine(line)).toMatchObject({ kind: 'unfinished', why })
  })

  it('expands nothing and names the signs that a shell would have acted on', () => {
    expect(parseLine('ls *.rs | wc -l && echo $HOME')).toEqual({
      kind: 'argv',
      argv: ['ls', '*.rs', '|', 'wc', '-l', '&&', 'echo', '$HOME'],
      literal: ['*', '|', '&&', '$'],
    })
    expect(parseLine(`echo '*' "|" \\>`)).toMatchObject({ literal: [] })
  })
})

describe('toLine', () => {
  it.each([[['echo', 'a b', '', `it's`, '$x', '"', '\\', '*', 'ünï']], [[]], [['plain', '--flag=1', './path/a.rs']]])(
    'round trip of %j',
    (argv) => {
      expect(argvOf(toLine(argv))).toEqual(argv)
    },
  )

  it('leaves plain words plain', () => {
    expect(toLine(['cargo', 'test', '--lib'])).toBe('cargo test --lib')
  })
})
