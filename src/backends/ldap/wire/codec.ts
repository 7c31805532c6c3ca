/**
 * Requests and answers as bytes. Requests are written by ldapts. Answers are read here: the decoder of ldapts never ends
 * with an element whose length is wrong, and would stop the whole broker.
 */
import { BindRequest, Filter, SearchRequest } from 'ldapts';
import type { Control, SearchFilterValues } from 'ldapts';
import { TAG, readElement, readHeader, readInteger } from './ber.ts';
import type { Header } from './ber.ts';
import { PASSWORD_POLICY, controlValue } from './control.ts';
import { createEntry } from './entry.ts';
import type { LdapEntry } from './entry.ts';
import { readEnvelope } from './message.ts';

/** The response control of a password policy (draft-behera-ldap-password-policy, section 6.2). */
export interface PasswordPolicyAnswer {
  readonly error?: number;
  /** How often the expired password can still be used. */
  readonly graceLeft?: number;
}

interface EncodableSearch {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  /** From `encodeFilter`. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
  /** The maximum number of entries; 0: the server decides. */
  readonly sizeLimit: number;
  /** Seconds. */
  readonly timeLimit: number;
  readonly followAliases: boolean;
  readonly controls: Control[];
}

/** "1.1" asks for no attributes (RFC 4511, section 4.5.1.8). */
const NO_ATTRIBUTES = '1.1';

export function encodeSearch(id: number, search: EncodableSearch): Buffer {
  const { base, scope, filter, attributes, sizeLimit, timeLimit, followAliases, controls } = search;
  return new SearchRequest({
    messageId: id,
    baseDN: base,
    scope,
    derefAliases: followAliases ? 'always' : 'never',
    sizeLimit,
    timeLimit,
    filter: new EncodedFilter(filter),
    attributes: attributes.length === 0 ? [NO_ATTRIBUTES] : [...attributes],
    controls,
  }).write();
}

/** A simple bind (RFC 4511, section 4.2). */
export function encodeBind(id: number, dn: string, password: string, controls: Control[]): Buffer {
  return new BindRequest({ messageId: id, dn, password, controls }).write();
}

/**
 * Attributes and values of one entry. A message of the maximum size has fewer DNs, and millions of empty values, each of
 * which takes a hundred bytes of memory.
 */
export const MAX_VALUES = 250_000;

/**
 * @param message one complete message, a search result entry (RFC 4511, section 4.5.2)
 * @throws RangeError when it cannot be read
 */
export function decodeEntry(message: Buffer): LdapEntry {
  const { start, end } = readEnvelope(message);
  const name = readElement(message, start, end, TAG.octetString);
  const list = readElement(message, name.end, end, TAG.sequence);
  const attributes: [string, readonly Buffer[]][] = [];
  let count = 0;
  for (let at = list.start; at < list.end;) {
    const attribute = readElement(message, at, list.end, TAG.sequence);
    const type = readElement(message, attribute.start, attribute.end, TAG.octetString);
    const values = readElement(message, type.end, attribute.end, TAG.set);
    const found = valuesIn(message, values);
    attributes.push([message.toString('utf8', type.start, type.end), found]);
    count += 1 + found.length;
    if (count > MAX_VALUES) throw new RangeError(`an entry with more than ${MAX_VALUES} attributes and values`);
    at = attribute.end;
  }
  return createEntry(message.toString('utf8', name.start, name.end), attributes);
}

function valuesIn(message: Buffer, { start, end }: Pick<Header, 'start' | 'end'>): readonly Buffer[] {
  const values: Buffer[] = [];
  for (let at = start; at < end;) {
    const value = readElement(message, at, end, TAG.octetString);
    values.push(message.subarray(value.start, value.end));
    if (values.length > MAX_VALUES) throw new RangeError(`an attribute with more than ${MAX_VALUES} values`);
    at = value.end;
  }
  return values;
}

/** The tags of the value of the control (draft-behera-ldap-password-policy, section 6.2). */
const WARNING = 0xa0;
const GRACE_LEFT = 0x81;
const POLICY_ERROR = 0x81;

/**
 * What the answer to a bind says about the password.
 *
 * @param message one complete message, a bind response
 * @param at the offset of the end of the operation
 * @throws RangeError when it cannot be read
 */
export function decodePolicy(message: Buffer, at: number): { readonly policy?: PasswordPolicyAnswer } {
  const value = controlValue(message, at, PASSWORD_POLICY);
  if (value === undefined || value.start === value.end) return {};
  const state = readElement(message, value.start, value.end, TAG.sequence);
  let error: number | undefined;
  let graceLeft: number | undefined;
  for (let next = state.start; next < state.end;) {
    const part = readElement(message, next, state.end);
    if (part.tag === WARNING && part.start < part.end) graceLeft = graceLeftIn(message, part);
    if (part.tag === POLICY_ERROR) error = readInteger(message, part);
    next = part.end;
  }
  return { policy: { ...(error === undefined ? {} : { error }), ...(graceLeft === undefined ? {} : { graceLeft }) } };
}

function graceLeftIn(message: Buffer, { start, end }: Header): number | undefined {
  const warning = readElement(message, start, end);
  return warning.tag === GRACE_LEFT ? readInteger(message, warning) : undefined;
}

/** A filter whose bytes are ready to be sent. */
class EncodedFilter extends Filter {
  readonly type: SearchFilterValues;
  readonly #content: Buffer;

  constructor(bytes: Buffer) {
    super();
    const header = readHeader(bytes);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `encodeFilter` gives no other tags
    this.type = (header?.tag ?? 0) as SearchFilterValues;
    this.#content = bytes.subarray(header?.start);
  }

  override write(writer: Parameters<Filter['write']>[0]): void {
    writer.writeBuffer(this.#content, this.type);
  }

  override toString(): string {
    return '(encoded)';
  }
}
