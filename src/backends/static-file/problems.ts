/** Everything that is wrong with a file of users, told at once. */

const MOST_TOLD = 100;

/** Thrown when a file cannot be used. The message has one line a problem, and no password or hash. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError';
  /** Each as `FILE:LINE:COLUMN: path: found …, expected …`, as far as it has a place. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    const more = problems.length > MOST_TOLD ? [`and ${problems.length - MOST_TOLD} problems more`] : [];
    super([...problems.slice(0, MOST_TOLD), ...more].join('\n'), options);
    this.problems = problems;
  }
}
