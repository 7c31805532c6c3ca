/**
 * HTML as a type. The tag `html` is the only way to make it: static text is taken as it is, and every value in a gap is
 * escaped for its place. What a place cannot hold throws, so a template with a mistake fails the first time it is used.
 */
import { contextsOf } from './contexts.ts';
import type { Context } from './contexts.ts';
import { escapeExact, escapeShown } from './escape.ts';
import { isUrl } from './url.ts';
import type { Url } from './url.ts';

class SafeHtml {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A finished piece of HTML. Only `html` makes one. */
export type Html = SafeHtml;

/** An attribute that is there or not. */
interface Attribute {
  readonly attribute: string;
  /** Undefined: without a value. */
  readonly value: string | number | undefined;
}

type Attributes = Attribute | undefined | readonly Attributes[];
/** What may be between elements. `undefined` and `false` are nothing. */
export type Content = string | number | Html | undefined | false | readonly Content[];

/** The places of the gaps, found once for each template. */
const contexts = new WeakMap<TemplateStringsArray, readonly Context[]>();

/**
 * INVARIANT: no value leaves its place in a page.
 *
 * @throws Error when a value is in a place that cannot hold it
 */
export function html(strings: TemplateStringsArray, ...values: readonly (Content | Url | Attributes)[]): Html {
  const places = contexts.get(strings) ?? contextsOf(strings);
  contexts.set(strings, places);
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) {
    const place = places[index];
    if (place === undefined) throw new Error('a template has a value without a gap');
    text += render(value, place) + (strings[index + 1] ?? '');
  }
  return new SafeHtml(text);
}

type OptionalAttribute =
  | `aria-${string}`
  | `data-${string}`
  | 'autofocus'
  | 'checked'
  | 'class'
  | 'disabled'
  | 'hidden'
  | 'id'
  | 'list'
  | 'maxlength'
  | 'open'
  | 'placeholder'
  | 'readonly'
  | 'required'
  | 'selected'
  | 'tabindex'
  | 'value';

/** @param value `true`: the attribute has no value; `false` and `undefined`: there is no attribute */
export function attribute(
  name: OptionalAttribute,
  value: string | number | boolean | undefined,
): Attribute | undefined {
  if (value === undefined || value === false) return undefined;
  return { attribute: name, value: value === true ? undefined : value };
}

type Value = Content | Url | Attributes;

function render(value: Value, place: Context): string {
  if (value === undefined || value === false) {
    if (place.kind === 'content' || place.kind === 'attributes') return '';
    throw misplaced('nothing', place);
  }
  if (isList(value)) {
    if (place.kind !== 'content' && place.kind !== 'attributes') throw misplaced('a list', place);
    return Array.from<Value, string>(value, (one) => render(one, place)).join('');
  }
  if (typeof value === 'string' || typeof value === 'number') return renderText(String(value), place);
  if (isUrl(value)) {
    if (place.kind === 'url' || (place.kind === 'value' && place.attribute === 'content'))
      return escapeExact(value.text);
    throw misplaced('a URL', place);
  }
  if (value instanceof SafeHtml) {
    if (place.kind === 'content') return value.toString();
    throw misplaced('HTML', place);
  }
  if (place.kind === 'attributes') return renderAttribute(value);
  throw misplaced('an attribute', place);
}

/** `Array.isArray` does not narrow a readonly list. */
function isList(value: Value): value is Extract<Value, readonly unknown[]> {
  return Array.isArray(value);
}

function renderText(text: string, place: Context): string {
  switch (place.kind) {
    case 'content':
      return escapeShown(text);
    case 'plain-text':
      return escapeExact(text);
    case 'value':
      return place.attribute === 'value' ? escapeExact(text) : escapeShown(text);
    case 'url':
      throw misplaced('a text', place);
    case 'attributes':
      throw misplaced('a text', place);
  }
}

function renderAttribute({ attribute: name, value }: Attribute): string {
  if (value === undefined) return ` ${name}`;
  const text = renderText(String(value), { kind: 'value', attribute: name });
  return ` ${name}="${text}"`;
}

function misplaced(what: string, place: Context): Error {
  return new Error(`a template has ${what} where it expects ${EXPECTED[place.kind]}`);
}

const EXPECTED: Readonly<Record<Context['kind'], string>> = {
  content: 'content',
  'plain-text': 'a text',
  attributes: 'attributes',
  value: 'the value of an attribute',
  url: 'a URL that a function of url.ts has made',
};
