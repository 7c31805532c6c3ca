/** Time-based one-time passwords (RFC 6238), as an authenticator app shows them. */
import { createHmac } from 'node:crypto';

const PERIOD_SECONDS = 30;
const DIGITS = 6;

/** @param key the secret as bytes of text */
export function totp(key: string, seconds: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / PERIOD_SECONDS)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  const code = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(code % 10 ** DIGITS).padStart(DIGITS, '0');
}
