/** The results of `doctor`. */

/** One result. A problem says what to do. */
export interface Finding {
  readonly kind: 'ok' | 'hint' | 'problem';
  readonly text: string;
}

export function problem(text: string): Finding {
  return { kind: 'problem', text };
}
