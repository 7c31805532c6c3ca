/** What ldapts needs to be told, and what it tells, in our own words. */
import { Filter } from 'ldapts';
import type { ClientOptions, DN, PasswordPolicyControl, ResultCodeError, SearchFilterValues } from 'ldapts';
import { readHeader } from './ber.ts';
import type { MessageStream } from './message-stream.ts';

export interface ResultCode {
  readonly code: number;
  readonly diagnostic: string;
}

/** The password policy's response control (draft-behera-ldap-password-policy). */
export interface PolicyAnswer {
  readonly error?: number;
  readonly graceLeft?: number;
}

/** A filter that is encoded already. */
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

export function once(stream: MessageStream): NonNullable<ClientOptions['createConnection']> {
  let given = false;
  const give = (): MessageStream => {
    if (given) throw new Error('a connection is used once');
    given = true;
    return stream;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts of a socket ldapts uses are there
  return give as unknown as NonNullable<ClientOptions['createConnection']>;
}

/**
 * The DN as an object: a text such as EXTERNAL would be taken for a SASL mechanism, which binds as whoever the
 * connection's certificate names.
 */
export function nameOf(dn: string): DN {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ldapts calls `toString` and nothing else
  return { toString: () => dn } as unknown as DN;
}

/** ldapts appends the code to the server's text. */
export function resultOf({ code, message }: ResultCodeError): ResultCode {
  return {
    code,
    diagnostic: message
      .replace(/ ?Code: 0x[0-9a-f]+$/, '')
      .replaceAll('\0', '')
      .trim(),
  };
}

export function policyOf({ value }: PasswordPolicyControl): { readonly policy?: PolicyAnswer } {
  if (value === undefined) return {};
  const { error, graceAuthNsRemaining } = value;
  return {
    policy: {
      ...(error === undefined ? {} : { error }),
      ...(graceAuthNsRemaining === undefined ? {} : { graceLeft: graceAuthNsRemaining }),
    },
  };
}
