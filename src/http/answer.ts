/** The answer to one kind of error. */

export interface Answer {
  readonly status: number;
  /** The code of the registry API (distribution's api/errcode); docker prints it before the message. */
  readonly code: string;
  /** The sentence for the user. It says what to do, and reveals no internal cause. */
  readonly sentence: string;
  /** The sentence where there is a console, at this URL. */
  readonly sentenceAt?: (consoleUrl: string) => string;
  /** The OAuth error code (RFC 6749, section 5.2), for clients that read it. */
  readonly oauth: string;
  readonly challenge?: true;
  readonly retryAfter?: number;
}

/** What error answers have of the configuration. */
export interface AnswerSettings {
  /** The realm of the Basic challenge on a 401. */
  readonly realm: string;
  /** The URL where people sign in with a browser. Absent: there is no console. */
  readonly consoleUrl?: string;
}
