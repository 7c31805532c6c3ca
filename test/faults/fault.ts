/** A fault that is planted into a copy of the sources, to show that a test detects it. */
export interface Fault {
  /** Short and unique, such as `http-3`. */
  readonly id: string;
  /** What a user or operator would notice. */
  readonly effect: string;
  /** The source file, from the root of the repository. */
  readonly file: string;
  /** Text that occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test files that are run; one failing test is enough. */
  readonly tests: readonly string[];
  /** Why no test can detect it, where that is so. */
  readonly harmless?: string;
}
