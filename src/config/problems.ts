/** Problems of configuration files, with their places. */

/** The path of a value in a YAML document, such as `['services', 'registry.example.com', 'anonymous']`. */
export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** The file: relative to the working folder if it is inside it. */
  readonly file: string;
  /** Counted from 1; 0 when the problem is with the file as a whole. */
  readonly line: number;
  /** Counted from 1; 0 when the problem is with the file as a whole. */
  readonly column: number;
  /** The place in the document, as `formatPath` writes it; empty for the document itself. */
  readonly path: string;
  /** What was found and what is allowed. Never a secret. */
  readonly message: string;
}

const MAX_LISTED = 100;

/** A configuration that cannot be used. The message has one line for each problem, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const lines = [...new Set(sorted.map(formatProblem))];
    const more = lines.length > MAX_LISTED ? [`and ${lines.length - MAX_LISTED} more problems`] : [];
    super([...lines.slice(0, MAX_LISTED), ...more].join('\n'), options);
    this.problems = sorted;
  }
}

/** `config/broker.yaml:3:5: services.x.anonymous: found "maybe", expected one of allow, deny`. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

/** Keys joined by dots, quoted where they are ambiguous: `services."registry.example.com".anonymous`. */
export function formatPath(path: Path): string {
  return path.map((step) => (/^[\w@-]+$/.test(String(step)) ? String(step) : JSON.stringify(step))).join('.');
}
