/** What is wrong with a configuration file, and where. */

/** The way to a value in a YAML document, such as `['services', 'registry.example.com', 'anonymous']`. */
export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** The file as given to people: relative to the working folder where that is shorter. */
  readonly file: string;
  /** Counted from 1; 0 when the problem is with the file as a whole. */
  readonly line: number;
  /** Counted from 1; 0 when the problem is with the file as a whole. */
  readonly column: number;
  /** The place in the document, as `formatPath` writes it; empty for the document itself. */
  readonly path: string;
  /** What was found and what is allowed; never a secret. */
  readonly message: string;
}

const MOST_TOLD = 100;

/** Thrown when a configuration cannot be used. The message has one line a problem, in the order of the files' lines. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const lines = [...new Set(sorted.map(formatProblem))];
    const more = lines.length > MOST_TOLD ? [`and ${lines.length - MOST_TOLD} problems more`] : [];
    super([...lines.slice(0, MOST_TOLD), ...more].join('\n'), options);
    this.problems = sorted;
  }
}

/** `config/broker.yaml:3:5: services.x.anonymous: found "maybe", expected one of allow, deny`. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

/** Keys joined by dots; one that could be misread is quoted: `services."registry.example.com".anonymous`. */
export function formatPath(path: Path): string {
  return path.map((step) => (/^[\w@-]+$/.test(String(step)) ? String(step) : JSON.stringify(step))).join('.');
}
