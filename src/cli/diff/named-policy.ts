/** A policy by the file that holds it, as results name it. */
export interface NamedPolicy {
  readonly file: string;
  readonly revision: string;
}
