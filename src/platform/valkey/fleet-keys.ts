/**
 * What the fleet key is used for: names of entries (keyed digests, see `fingerprint.ts`) and their encryption
 * (AES-256-GCM, NIST SP 800-38D), each with a key of its own (HKDF, RFC 5869).
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Fingerprint } from '../../core/ports.ts';
import { keyedFingerprint } from '../fingerprint.ts';

const MIN_KEY_BYTES = 32;
const NEWLINE = 0x0a;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface FleetKeys {
  /** A digest under each of the keys, joined by `+`. The first names what is written, all are read. */
  readonly fingerprint: Fingerprint;
  /** @param entry the key of the entry, without which it cannot be opened */
  seal(entry: string, value: unknown): string;
  /** @returns undefined when it was sealed for another entry, by another key, or changed */
  open(entry: string, sealed: string): unknown;
}

/**
 * @param keys the contents of the key files; the first one is used for what is written
 * @throws Error when a key is too short
 */
export function createFleetKeys(keys: readonly Uint8Array[]): FleetKeys {
  const derived = keys.map((key) => derive(key));
  return {
    fingerprint: (...parts) => derived.map(({ names }) => names(...parts)).join('+'),
    seal: (entry, value) => {
      const [first] = derived;
      if (first === undefined) throw new Error('there is no fleet key');
      return seal(first.values, entry, JSON.stringify(value));
    },
    open: (entry, sealed) => {
      for (const { values } of derived) {
        const text = open(values, entry, sealed);
        if (text !== undefined) return parse(text);
      }
      return undefined;
    },
  };
}

function derive(key: Uint8Array) {
  const bytes = withoutNewline(key);
  if (bytes.length < MIN_KEY_BYTES) {
    throw new Error(`found a fleet key of ${bytes.length} bytes, expected at least ${MIN_KEY_BYTES} random bytes`);
  }
  const keyFor = (use: string): Buffer => Buffer.from(hkdfSync('sha256', bytes, '', `fairlead fleet ${use}`, 32));
  return { names: keyedFingerprint(keyFor('names')), values: keyFor('values') };
}

/** Editors and `openssl rand -base64` end a file with a newline. */
function withoutNewline(key: Uint8Array): Uint8Array {
  return key.length > MIN_KEY_BYTES && key.at(-1) === NEWLINE ? key.subarray(0, -1) : key;
}

function seal(key: Buffer, entry: string, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(entry));
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString('base64');
}

function open(key: Buffer, entry: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(entry))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
