/**
 * One page of the entries of a search (RFC 2696). The control of ldapts stops at an empty page, which need not be the
 * last, and does not give access to the server's answer. So this file reads the answer from the message.
 */
import { Control } from 'ldapts';
import { TAG, element, integer, readHeader } from './ber.ts';
import type { Header } from './ber.ts';
import { PAGED_RESULTS, writeWithoutCriticality } from './control.ts';

/** The controls of a message (RFC 4511, section 4.1.1). */
const CONTROLS = 0xa0;

export class PageControl extends Control {
  readonly #size: number;
  readonly #from: Buffer;

  /** @param from the cookie of the previous page; undefined for the first page */
  constructor(size: number, from: Buffer | undefined) {
    super(PAGED_RESULTS);
    this.#size = size;
    this.#from = from ?? Buffer.alloc(0);
  }

  override write(writer: Parameters<Control['write']>[0]): void {
    const value = element(TAG.sequence, integer(this.#size), element(TAG.octetString, this.#from));
    writeWithoutCriticality(PAGED_RESULTS, writer, value);
  }
}

/**
 * The cookie in an answer, which asks for the next page.
 *
 * @param at the offset of the end of the operation
 * @returns undefined after the last page, and when the server does not support pages
 * @throws RangeError when the controls cannot be read, so that no page is missed silently
 */
export function cookieIn(message: Buffer, at: number): Buffer | undefined {
  const controls = at < message.length ? readHeader(message, at) : undefined;
  if (controls?.tag !== CONTROLS) return undefined;
  for (let next = controls.start; next < controls.end;) {
    const control = child(message, next, TAG.sequence, controls.end);
    const type = child(message, control.start, TAG.octetString, control.end);
    if (message.toString('latin1', type.start, type.end) === PAGED_RESULTS)
      return cookieOf(message, type.end, control.end);
    next = control.end;
  }
  return undefined;
}

function cookieOf(message: Buffer, at: number, end: number): Buffer | undefined {
  const first = readHeader(message, at);
  // The optional criticality comes before the value.
  const value = child(message, first?.tag === TAG.boolean ? first.end : at, TAG.octetString, end);
  const pair = child(message, value.start, TAG.sequence, value.end);
  const size = child(message, pair.start, TAG.integer, pair.end);
  const cookie = child(message, size.end, TAG.octetString, pair.end);
  return cookie.end > cookie.start ? Buffer.from(message.subarray(cookie.start, cookie.end)) : undefined;
}

function child(bytes: Buffer, at: number, tag: number, end: number): Header {
  const found = readHeader(bytes, at);
  if (found?.tag !== tag || found.end > end) throw new RangeError('a control that cannot be read');
  return found;
}
