/**
 * Controls of requests (RFC 4511, section 4.1.11). ldapts writes `criticality FALSE`, although a default value must be
 * absent (section 5.1); the decoder of some servers then fails and the process ends.
 */
import { PasswordPolicyControl } from 'ldapts';
import type { Control } from 'ldapts';
import { TAG } from './ber.ts';

export const PASSWORD_POLICY = '1.3.6.1.4.1.42.2.27.8.5.1';
export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

type Writer = Parameters<Control['write']>[0];

/** Asks for the state of the password with the answer to a bind (draft-behera-ldap-password-policy, section 6.1). */
export class PolicyControl extends PasswordPolicyControl {
  override write(writer: Writer): void {
    // A request has no value.
    writeWithoutCriticality(this.type, writer);
  }
}

export function writeWithoutCriticality(oid: string, writer: Writer, value?: Buffer): void {
  writer.startSequence();
  writer.writeString(oid);
  if (value !== undefined) writer.writeBuffer(value, TAG.octetString);
  writer.endSequence();
}
