/** The answer to one kind of error. */

export interface Answer {
  readonly status: number;
  /** The code of the registry API (distribution's api/errcode); docker prints it before the message. */
  readonly code: string;
  /** The sentence for the user. It says what to do, and reveals no internal cause. */
  readonly sentence: string;
  /** The OAuth error code (RFC 6749, section 5.2), for clients that read it. */
  readonly oauth: string;
  readonly challenge?: true;
  readonly retryAfter?: number;
}
