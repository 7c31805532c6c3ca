/** The code of an error of Node.js or of the operating system, such as `ENOENT`; undefined: the error has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
