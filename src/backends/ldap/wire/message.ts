/** The envelope of LDAP messages (RFC 4511, section 4.1.1) and the result of an operation (section 4.1.9). */
import { TAG, readHeader } from './ber.ts';

interface Envelope {
  readonly id: number;
  /** The tag of the operation. */
  readonly operation: number;
  /** The offsets of the operation's content. */
  readonly start: number;
  readonly end: number;
}

export interface LdapResult {
  /** See `RESULT`. */
  readonly code: number;
  /** The server's text; often empty. */
  readonly diagnostic: string;
}

/**
 * @param message one complete message
 * @throws RangeError when the bytes are not an LDAP message
 */
export function readEnvelope(message: Buffer): Envelope {
  const outer = header(message, 0, TAG.sequence, message.length);
  const id = header(message, outer.start, TAG.integer, outer.end);
  const size = id.end - id.start;
  if (size < 1 || size > 4) throw new RangeError('a message without a usable id');
  const operation = header(message, id.end, undefined, outer.end);
  return {
    id: message.readIntBE(id.start, size),
    operation: operation.tag,
    start: operation.start,
    end: operation.end,
  };
}

/**
 * @param content the content of an operation
 * @returns undefined when it does not begin with a result
 */
export function readResult(content: Buffer): LdapResult | undefined {
  try {
    const code = header(content, 0, TAG.enumerated, content.length);
    const size = code.end - code.start;
    if (size < 1 || size > 4) return undefined;
    const matched = header(content, code.end, TAG.octetString, content.length);
    const diagnostic = header(content, matched.end, TAG.octetString, content.length);
    return {
      code: content.readIntBE(code.start, size),
      // Active Directory ends it with a NUL.
      diagnostic: content.toString('utf8', diagnostic.start, diagnostic.end).replaceAll('\0', '').trim(),
    };
  } catch {
    return undefined;
  }
}

function header(bytes: Buffer, at: number, tag: number | undefined, limit: number) {
  const found = readHeader(bytes, at);
  if (found === undefined || found.end > limit || (tag !== undefined && found.tag !== tag)) {
    throw new RangeError('not an LDAP message');
  }
  return found;
}
