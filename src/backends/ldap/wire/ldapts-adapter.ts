/** Converts between the types of ldapts and those of this backend. */
import { Filter } from 'ldapts';
import type { ClientOptions, DN, PasswordPolicyControl, ResultCodeError, SearchFilterValues } from 'ldapts';
import { readHeader } from './ber.ts';
import type { LdapResult } from './message.ts';
import type { MessageStream } from './message-stream.ts';

/** The response control of a password policy (draft-behera-ldap-password-policy, section 6.2). */
export interface PasswordPolicyAnswer {
  readonly error?: number;
  /** How often the expired password can still be used. */
  readonly graceLeft?: number;
}

/** A filter whose bytes are ready to be sent. */
export class EncodedFilter extends Filter {
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

/** The `createConnection` of a client that uses this stream and cannot connect again after it ends. */
export function singleConnection(stream: MessageStream): NonNullable<ClientOptions['createConnection']> {
  let isUsed = false;
  const takeStream = (): MessageStream => {
    if (isUsed) throw new Error('a connection is used once');
    isUsed = true;
    return stream;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the stream has every member of a socket that ldapts uses
  return takeStream as unknown as NonNullable<ClientOptions['createConnection']>;
}

/**
 * The DN as an object. ldapts takes a string such as EXTERNAL for a SASL mechanism, and would bind as the user that the
 * client certificate names.
 */
export function dnObject(dn: string): DN {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ldapts calls `toString` and nothing else
  return { toString: () => dn } as unknown as DN;
}

/** Without the code that ldapts appends to the server's text. */
export function resultOf({ code, message }: ResultCodeError): LdapResult {
  return {
    code,
    diagnostic: message
      .replace(/ ?Code: 0x[0-9a-f]+$/, '')
      .replaceAll('\0', '')
      .trim(),
  };
}

export function policyOf({ value }: PasswordPolicyControl): { readonly policy?: PasswordPolicyAnswer } {
  if (value === undefined) return {};
  const { error, graceAuthNsRemaining } = value;
  return {
    policy: {
      ...(error === undefined ? {} : { error }),
      ...(graceAuthNsRemaining === undefined ? {} : { graceLeft: graceAuthNsRemaining }),
    },
  };
}
