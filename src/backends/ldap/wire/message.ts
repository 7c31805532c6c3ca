/** The envelope of LDAP messages (RFC 4511, section 4.1.1) and the result of an operation (section 4.1.9). */
import { TAG, readElement, readInteger } from './ber.ts';

/** Bytes. The rest is left out: the text goes to the log. */
const MAX_DIAGNOSTIC = 1024;

/** The tags of the answers to operations (RFC 4511, section 4). */
export const ANSWER = {
  bind: 0x61,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extended: 0x78,
} as const;

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
  const outer = readElement(message, 0, message.length, TAG.sequence);
  const id = readElement(message, outer.start, outer.end, TAG.integer);
  const operation = readElement(message, id.end, outer.end);
  return {
    id: readInteger(message, id),
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
    const code = readElement(content, 0, content.length, TAG.enumerated);
    const matched = readElement(content, code.end, content.length, TAG.octetString);
    const { start, end } = readElement(content, matched.end, content.length, TAG.octetString);
    return {
      code: readInteger(content, code),
      // Active Directory ends it with a NUL.
      diagnostic: content
        .toString('utf8', start, Math.min(end, start + MAX_DIAGNOSTIC))
        .replaceAll('\0', '')
        .trim(),
    };
  } catch {
    return undefined;
  }
}
