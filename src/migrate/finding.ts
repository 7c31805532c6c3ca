/** What an import has to say about the file it read. */

export type FindingKind =
  /** Carried over as it is, and probably not what was meant. */
  | 'trap'
  /** Carried over, but some requests are decided otherwise; the sentence says which. */
  | 'differs'
  /** Not carried over. */
  | 'lost'
  /** Something to do or to know. */
  | 'note';

export interface Finding {
  readonly kind: FindingKind;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export type Report = (kind: FindingKind, line: number, message: string) => void;

export function reportInto(findings: Finding[], file: string): Report {
  return (kind, line, message) => void findings.push({ kind, file, line, message });
}

const TITLES: Readonly<Record<FindingKind, string>> = {
  lost: 'not carried',
  differs: 'differs',
  trap: 'trap',
  note: 'note',
};

/** `auth.yml:12: trap: …`. */
export function findingLine({ kind, file, line, message }: Finding): string {
  return `${file}:${line}: ${TITLES[kind]}: ${message}`;
}

const ORDER: readonly FindingKind[] = ['lost', 'differs', 'trap', 'note'];

/** What matters most first, and then in the order of the file. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.line - b.line);
}
