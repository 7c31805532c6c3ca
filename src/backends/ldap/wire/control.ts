/**
 * Controls of requests and answers (RFC 4511, section 4.1.11). ldapts writes `criticality FALSE`, although a default value must be
 * absent (section 5.1); the decoder of some servers then fails and the process ends.
 */
import { PasswordPolicyControl } from 'ldapts';
import type { Control } from 'ldapts';
import { TAG, readElement } from './ber.ts';
import type { Header } from './ber.ts';

export const PASSWORD_POLICY = '1.3.6.1.4.1.42.2.27.8.5.1';
export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

type Writer = Parameters<Control['write']>[0];

/** The controls of a message (RFC 4511, section 4.1.1). */
const CONTROLS = 0xa0;

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

/**
 * The place of the value of a control in a message; it is empty when the control has no value.
 *
 * @param at the offset of the end of the operation
 * @returns undefined when there is no such control
 * @throws RangeError when the controls cannot be read
 */
export function controlValue(message: Buffer, at: number, oid: string): Pick<Header, 'start' | 'end'> | undefined {
  if (at >= message.length || message[at] !== CONTROLS) return undefined;
  const controls = readElement(message, at, message.length, CONTROLS);
  for (let next = controls.start; next < controls.end;) {
    const control = readElement(message, next, controls.end, TAG.sequence);
    const type = readElement(message, control.start, control.end, TAG.octetString);
    if (message.toString('latin1', type.start, type.end) === oid) return valueIn(message, type.end, control.end);
    next = control.end;
  }
  return undefined;
}

/** The optional criticality comes before the value. */
function valueIn(message: Buffer, at: number, end: number): Pick<Header, 'start' | 'end'> {
  const start = message[at] === TAG.boolean && at < end ? readElement(message, at, end).end : at;
  return start === end ? { start, end } : readElement(message, start, end, TAG.octetString);
}
