/** A finding of an import about the file that it read. */

type FindingKind =
  /** Translated as it is, and probably a mistake. */
  | 'trap'
  /** Translated, but the decision of some requests changes; the sentence says which. */
  | 'differs'
  /** Not translated. */
  | 'lost'
  /** A task or a fact for the operator. */
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
  lost: 'not converted',
  differs: 'differs',
  trap: 'trap',
  note: 'note',
};

/** `auth.yml:12: trap: …`. */
export function findingLine({ kind, file, line, message }: Finding): string {
  return `${file}:${line}: ${TITLES[kind]}: ${message}`;
}

const ORDER: readonly FindingKind[] = ['lost', 'differs', 'trap', 'note'];

/** By severity, then in the order of the file. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.line - b.line);
}
