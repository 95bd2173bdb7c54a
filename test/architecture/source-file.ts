/** A source file taken apart far enough to judge it. All three texts keep the offsets and lines of the file. */
export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The file without what its comments, strings, templates and regular expressions say. */
  readonly code: string;
  /** What the comments say. */
  readonly comments: string;
  /** What comments, strings, templates and regular expressions say. */
  readonly words: string;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** An `import`, `export … from`, `import()` or `import('…')` type, up to the opening quote of what it names. */
const IMPORT = /(?<!\.)\b(?:from\s*|import\s*\(?\s*)(['"])/g;

export function sourceFile(path: string, text: string): SourceFile {
  const kinds = kindsOf(text);
  const only = (wanted: (kind: Kind) => boolean) =>
    Array.from({ length: text.length }, (_, i) => (text[i] === '\n' || wanted(kinds[i]!) ? text[i] : ' ')).join('');
  const code = only((kind) => kind === 'code');
  const imports = [...code.matchAll(IMPORT)].map((match) => {
    const start = match.index + match[0].length;
    return { specifier: text.slice(start, code.indexOf(match[1]!, start)), line: lineAt(text, match.index) };
  });
  return {
    path,
    text,
    code,
    comments: only((kind) => kind === 'comment'),
    words: only((kind) => kind !== 'code'),
    imports,
  };
}

/** The line, counted from 1, at an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

type Kind = 'code' | 'comment' | 'string';

/** The kind of every character. Quotes count as code, so that an import still shows where its name stands. */
function kindsOf(text: string): Kind[] {
  const kinds: Kind[] = new Array<Kind>(text.length).fill('code');
  /** Depths of braces at which a template goes on after its `${`. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const mark = (end: number, kind: Kind) => {
    kinds.fill(kind, at, end);
    at = end;
  };
  const template = () => {
    const end = closing(text, at, /[`]|\$\{/g);
    mark(end, 'string');
    if (text[at] === '$') {
      templates.push(depth++);
      at += 2;
    } else at++;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const char = rest[0]!;
    if (rest === '//') mark(until(text, '\n', at), 'comment');
    else if (rest === '/*') mark(until(text, '*/', at) + 2, 'comment');
    else if (char === "'" || char === '"') {
      at++;
      mark(closing(text, at, char === "'" ? /['\n]/g : /["\n]/g), 'string');
      at++;
    } else if (char === '`') {
      at++;
      template();
    } else if (char === '/' && beginsExpression(text, at)) {
      at++;
      mark(closing(text, at, /\[(?:\\.|[^\]\\])*\]|[/\n]/g, '['), 'string');
      at++;
    } else if (char === '{') {
      depth++;
      at++;
    } else if (char === '}') {
      depth--;
      at++;
      if (templates.at(-1) === depth) {
        templates.pop();
        template();
      }
    } else at++;
  }
  return kinds;
}

function until(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

/** Offset of the first unescaped match of `end`; matches that begin with `inside` are passed over. */
function closing(text: string, from: number, end: RegExp, inside?: string): number {
  const search = new RegExp(`\\\\.|${end.source}`, 'gs');
  search.lastIndex = from;
  for (let match = search.exec(text); match !== null; match = search.exec(text))
    if (match[0][0] !== '\\' && match[0][0] !== inside) return match.index;
  return text.length;
}

/** A slash begins a regular expression where a value may stand, and divides where one has just ended. */
function beginsExpression(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 200), at).trimEnd();
  return before === '' || /[([{,;=:?!&|+\-*%^~<>]$|\b(?:return|case|typeof|in|of|void|yield|await)$/.test(before);
}
