/** The part of BER (X.690) that LDAP messages and filters use (RFC 4511, section 5.1). */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

export interface Header {
  readonly tag: number;
  /** The offsets of the content. `end` may lie after the end of the buffer when not all bytes have arrived. */
  readonly start: number;
  readonly end: number;
}

/**
 * The header of the element at `offset`.
 *
 * @returns undefined when the bytes end within the header
 * @throws RangeError for the indefinite length, which LDAP forbids, and for a length of more than four bytes
 */
export function readHeader(bytes: Buffer, offset = 0): Header | undefined {
  const [tag, first] = [bytes[offset], bytes[offset + 1]];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: offset + 2, end: offset + 2 + first };
  const size = first - 0x80;
  if (size === 0 || size > 4) throw new RangeError(`a length of ${size} bytes`);
  const start = offset + 2 + size;
  return bytes.length < start ? undefined : { tag, start, end: start + bytes.readUIntBE(offset + 2, size) };
}

/**
 * The header of an element that is complete.
 *
 * @param end the offset where the bytes that may belong to it end
 * @param tag the expected tag; absent: any
 * @throws RangeError when it is of another kind or does not end in time
 */
export function readElement(bytes: Buffer, at: number, end: number, tag?: number): Header {
  const found = at < end ? readHeader(bytes, at) : undefined;
  if (found === undefined || found.end > end) throw new RangeError('an element that is not complete');
  if (tag !== undefined && found.tag !== tag)
    throw new RangeError(`an element of another kind, 0x${found.tag.toString(16)}`);
  return found;
}

/** @throws RangeError when it has no digits, or more than four bytes */
export function readInteger(bytes: Buffer, { start, end }: Header): number {
  const size = end - start;
  if (size < 1 || size > 4) throw new RangeError(`an integer of ${size} bytes`);
  return bytes.readIntBE(start, size);
}

/** One element. */
export function element(tag: number, ...content: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of content) length += part.length;
  const size = lengthSize(length);
  const bytes = Buffer.allocUnsafe(1 + size + length);
  bytes.writeUInt8(tag);
  writeLength(bytes, length, size);
  let at = 1 + size;
  for (const part of content) at += part.copy(bytes, at);
  return bytes;
}

export function text(value: string, tag: number = TAG.octetString): Buffer {
  return element(tag, Buffer.from(value, 'utf8'));
}

/** A non-negative integer in the shortest form (X.690, section 8.3.2). */
export function integer(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  // The first bit is the sign.
  return (bytes[0] ?? 0) < 0x80 ? element(TAG.integer, bytes) : element(TAG.integer, Buffer.of(0), bytes);
}

/** How many bytes the length takes, its first byte included. */
function lengthSize(length: number): number {
  if (length < 0x80) return 1;
  return length > 0xff_ff_ff ? 5 : length > 0xff_ff ? 4 : length > 0xff ? 3 : 2;
}

function writeLength(bytes: Buffer, length: number, size: number): void {
  if (size === 1) {
    bytes.writeUInt8(length, 1);
    return;
  }
  bytes.writeUInt8(0x80 + size - 1, 1);
  bytes.writeUIntBE(length, 2, size - 1);
}
