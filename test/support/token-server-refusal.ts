/** The refusals of the token server of tests. */

/** Thrown, and written with its status. */
export class Refusal extends Error {
  readonly status: number;
  readonly oauth: string;

  constructor(status: number, oauth = 'invalid_request', message = 'wrong user name or password') {
    super(message);
    this.status = status;
    this.oauth = oauth;
  }
}
