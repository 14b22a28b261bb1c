/**
 * One typed line as an argument array, by the quoting rules of a POSIX shell and nothing else of it: no expansion, no
 * pipes, no redirection. Callboard starts programs without a shell, so the array is what runs.
 */

/** What a line means. */
export type ParsedLine =
  | { readonly kind: 'argv'; readonly argv: readonly string[]; readonly literal: readonly string[] }
  | { readonly kind: 'unfinished'; readonly argv: readonly string[]; readonly why: string }

/** Signs that a shell would act on when they are not quoted. */
const SHELL_SIGNS = ['&&', '||', '>>', '|', '>', '<', '&', ';', '$', '`', '*', '?', '~'] as const

/**
 * Splits a line into an argument array. Blanks separate; `'…'` is literal; in `"…"` a backslash escapes `"`, `\`, `$` and
 * a backquote; elsewhere it escapes any character. `literal` lists the shell signs that stand unquoted in the line and will be
 * handed on as they are, so that the reader can be told.
 */
export function parseLine(line: string): ParsedLine {
  const reader = new LineReader(line)
  return reader.read()
}

class LineReader {
  readonly #line: string
  readonly #argv: string[] = []
  readonly #literal = new Set<string>()
  #at = 0
  /** The word under way; `undefined` between words, so that `''` is a word too. */
  #word: string | undefined

  constructor(line: string) {
    this.#line = line
  }

  read(): ParsedLine {
    while (this.#at < this.#line.length) {
      const why = this.#step()
      if (why !== undefined) return { kind: 'unfinished', argv: [...this.#argv, this.#word ?? ''], why }
    }
    this.#endWord()
    return { kind: 'argv', argv: this.#argv, literal: [...this.#literal] }
  }

  /** Takes one blank, quote, escape or character; returns what is missing when the line ends too early. */
  #step(): string | undefined {
    const char = this.#line.charAt(this.#at)
    if (/\s/.test(char)) {
      this.#endWord()
      this.#at += 1
      return undefined
    }
    if (char === "'") return this.#single()
    if (char === '"') return this.#double()
    if (char === '\\') return this.#escape()
    const sign = SHELL_SIGNS.find((candidate) => this.#line.startsWith(candidate, this.#at))
    if (sign !== undefined) this.#literal.add(sign)
    this.#take(sign ?? char)
    return undefined
  }

  #take(text: string): void {
    this.#word = (this.#word ?? '') + text
    this.#at += text.length
  }

  #endWord(): void {
    if (this.#word !== undefined) this.#argv.push(this.#word)
    this.#word = undefined
  }

  #single(): string | undefined {
    const end = this.#line.indexOf("'", this.#at + 1)
    if (end < 0) return this.#unfinished("a closing ' is missing")
    this.#word = (this.#word ?? '') + this.#line.slice(this.#at + 1, end)
    this.#at = end + 1
    return undefined
  }

  #double(): string | undefined {
    let text = ''
    for (let at = this.#at + 1; at < this.#line.length; at += 1) {
      const char = this.#line.charAt(at)
      if (char === '"') {
        this.#word = (this.#word ?? '') + text
        this.#at = at + 1
        return undefined
      }
      const next = this.#line.charAt(at + 1)
      if (char === '\\' && next !== '' && '"\\$`'.includes(next)) {
        text += next
        at += 1
      } else {
        text += char
      }
    }
    return this.#unfinished('a closing " is missing')
  }

  #escape(): string | undefined {
    const next = this.#line.charAt(this.#at + 1)
    if (next === '') return this.#unfinished('a character after \\ is missing')
    this.#word = (this.#word ?? '') + next
    this.#at += 2
    return undefined
  }

  #unfinished(why: string): string {
    this.#word = (this.#word ?? '') + this.#line.slice(this.#at)
    this.#at = this.#line.length
    return why
  }
}

/** The line that {@link parseLine} splits back into `argv`. */
export function toLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}

function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument
  return `'${argument.replaceAll("'", `'\\''`)}'`
}
