/** All problems of a file of users, reported at once. */

const MAX_REPORTED = 100;

/** Thrown when a file cannot be used. The message has one line a problem, and no password or hash. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError';
  /** Each as `FILE:LINE:COLUMN: path: found …, expected …`, as far as it has a place. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    const more = problems.length > MAX_REPORTED ? [`and ${problems.length - MAX_REPORTED} problems more`] : [];
    super([...problems.slice(0, MAX_REPORTED), ...more].join('\n'), options);
    this.problems = problems;
  }
}
