/** Requests and answers as bytes, by the codec of ldapts. */
import { BerReader, BindRequest, BindResponse, Filter, SearchEntry, SearchRequest } from 'ldapts';
import type { Control, SearchFilterValues } from 'ldapts';
import { readHeader } from './ber.ts';
import type { PolicyControl } from './control.ts';
import { readEntry } from './entry.ts';
import type { LdapEntry } from './entry.ts';

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
 * @param message one complete message, a search result entry
 * @throws Error when it cannot be read
 */
export function decodeEntry(message: Buffer): LdapEntry {
  const entry = new SearchEntry({ messageId: 0 });
  entry.parse(contentOf(message), []);
  return readEntry(entry.toObject([], []));
}

/**
 * What the answer to a bind says about the password.
 *
 * @param message one complete message, a bind response
 * @param asked the control of the request
 * @throws Error when it cannot be read
 */
export function decodePolicy(message: Buffer, asked: PolicyControl): { readonly policy?: PasswordPolicyAnswer } {
  new BindResponse({ messageId: 0 }).parse(contentOf(message), [asked]);
  const { value } = asked;
  if (value === undefined) return {};
  const { error, graceAuthNsRemaining } = value;
  return {
    policy: {
      ...(error === undefined ? {} : { error }),
      ...(graceAuthNsRemaining === undefined ? {} : { graceLeft: graceAuthNsRemaining }),
    },
  };
}

/** A reader of the content of the operation and of what follows it. */
function contentOf(message: Buffer): BerReader {
  const reader = new BerReader(message);
  reader.readSequence();
  reader.readInt();
  reader.readSequence();
  return reader;
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
