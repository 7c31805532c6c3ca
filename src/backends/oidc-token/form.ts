/** Forms of issuers, audiences and claims: `{owner}` stands for one or more characters without a slash, `*` for any. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { parsedOrThrow } from '../fields.ts';

/** @returns what each placeholder stands for; undefined when the text does not have the form */
export function matchForm(form: string, text: string): ReadonlyMap<string, string> | undefined {
  const captured = parsedOrThrow(parseNamePattern(form)).match(text);
  const hasSlash = [...(captured?.values() ?? [])].some((value) => value.includes('/'));
  return hasSlash ? undefined : captured;
}

/** The form with the placeholders that are known. */
export function fillForm(form: string, values: ReadonlyMap<string, string>): string {
  return form.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => values.get(name) ?? placeholder);
}

/** For people: `https://oidc.circleci.com/org/ORGANIZATION`. */
export function formText(form: string): string {
  return form.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => name.toUpperCase());
}
