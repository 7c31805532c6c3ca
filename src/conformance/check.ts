/** A check: one statement about a token server, what it rests on, and how it is tried. */
import type { Server } from './server.ts';

/** How much a failure matters (RFC 2119): `must` breaks clients or security, `may` is an improvement. */
export const LEVELS = ['must', 'should', 'may'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * Checks of these phases run after all others, one at a time: those that send wrong passwords or many requests at once and
 * may lock an account, then measurements, then input that may stop the server.
 */
export const PHASES = ['guesses', 'measurements', 'hostile'] as const;
type Phase = (typeof PHASES)[number];

export interface Check {
  /** `group.name`, never reused for another statement. */
  readonly id: string;
  readonly level: Level;
  /** The statement, as a sentence. */
  readonly title: string;
  /** Where it comes from: a section of a specification, a file and version of a program, or an issue. */
  readonly source: string;
  /** What breaks when it does not hold. */
  readonly breaks: string;
  /** Checks whose failure explains a failure of this one, so that it is not tried. Default: `answer.token`. */
  readonly after?: readonly string[];
  /** Throws NotDescribed when the check does not apply to the server. */
  readonly needs?: (server: Server) => void;
  /** When it runs. Default: at once with others. */
  readonly phase?: Phase;
  readonly run: (server: Server) => Promise<Verdict>;
}

export type Verdict =
  | { readonly outcome: 'pass'; readonly text: string }
  /** `text`: what was found, as a sentence without secrets. */
  | { readonly outcome: 'fail'; readonly text: string }
  /** `text`: why it could not be tried. */
  | { readonly outcome: 'skip'; readonly text: string };

export const pass = (text = ''): Verdict => ({ outcome: 'pass', text });
export const fail = (text: string): Verdict => ({ outcome: 'fail', text });
export const skip = (text: string): Verdict => ({ outcome: 'skip', text });

/** Passes if the statement holds. */
export const verdict = (holds: boolean, found: string): Verdict => (holds ? pass() : fail(found));

/** The check needs something that the server file does not describe, such as a second repository. */
export class NotDescribed extends Error {
  override readonly name = 'NotDescribed';
}

/** @throws NotDescribed with what the server file says instead */
export function ensureDescribed(isDescribed: boolean, text: string): void {
  if (!isDescribed) throw new NotDescribed(`the server file says ${text}`);
}
