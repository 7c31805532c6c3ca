/**
 * One page of the entries of a search (RFC 2696). The control of ldapts stops at an empty page, which need not be the
 * last, and does not give access to the server's answer. So this file reads the answer from the message.
 */
import { Control } from 'ldapts';
import { TAG, element, integer, readElement } from './ber.ts';
import { PAGED_RESULTS, controlValue, writeWithoutCriticality } from './control.ts';

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
  const value = controlValue(message, at, PAGED_RESULTS);
  if (value === undefined) return undefined;
  const pair = readElement(message, value.start, value.end, TAG.sequence);
  const size = readElement(message, pair.start, pair.end, TAG.integer);
  const cookie = readElement(message, size.end, pair.end, TAG.octetString);
  return cookie.end > cookie.start ? Buffer.from(message.subarray(cookie.start, cookie.end)) : undefined;
}
