/**
 * Seals values that browsers hold, and tokens of providers that are stored: JWE with AES-256-GCM (RFC 7516; `dir`, RFC
 * 7518, section 4.5). The keys are in the records, so that all brokers that share them open what one of them has sealed.
 * They are renewed every month, and each is kept for another month.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, ListableStore } from '../core/ports.ts';
import type { Sealing } from '../core/sign-in.ts';

/** A key as it is stored. */
interface SealingKey {
  /** 32 bytes as base64url. */
  readonly key: string;
  /** Epoch seconds. */
  readonly createdAt: number;
}

interface SealingDeps {
  /** The stored keys, by an id. */
  readonly store: ListableStore<SealingKey>;
  readonly clock: Clock;
  /** What the sealed values are for. A value that is sealed for another use is not opened. */
  readonly use: string;
  /** Characters of a sealed value; default: what a browser keeps of a cookie. */
  readonly maxLength?: number;
}

const DAY = 86_400;
const RENEW_SECONDS = 30 * DAY;
const KEEP_SECONDS = 60 * DAY;
const KEY_BYTES = 32;
const MAX_COOKIE = 4096;

export function createSealing({ store, clock, use, maxLength = MAX_COOKIE }: SealingDeps): Sealing {
  async function keys(): Promise<readonly SealingKey[]> {
    const entries = await store.list();
    return entries.map(({ value }) => value).toSorted((a, b) => b.createdAt - a.createdAt);
  }

  /** Two brokers that start together may both make one: both are in the list. */
  async function currentKey(): Promise<SealingKey> {
    const [newest] = await keys();
    if (newest !== undefined && clock.now() - newest.createdAt < RENEW_SECONDS) return newest;
    const made = { key: randomBytes(KEY_BYTES).toString('base64url'), createdAt: clock.now() };
    await store.put(randomBytes(9).toString('base64url'), made, KEEP_SECONDS);
    return made;
  }

  return {
    seal: async (value, seconds) => {
      const { key } = await currentKey();
      // With the first use: commands that only open records do not need it.
      const { EncryptJWT } = await import('jose');
      return new EncryptJWT({ value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(use)
        .setExpirationTime(clock.now() + seconds)
        .encrypt(Buffer.from(key, 'base64url'));
    },
    open: async (text) => {
      if (text.length > maxLength) return undefined;
      const options = {
        audience: use,
        currentDate: new Date(clock.now() * 1000),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp'],
      };
      const { jwtDecrypt } = await import('jose');
      for (const { key } of await keys()) {
        const opened = await jwtDecrypt(text, Buffer.from(key, 'base64url'), options).catch(() => undefined);
        if (opened !== undefined) return textsOf(opened.payload['value']);
      }
      return undefined;
    },
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value);
  const isTexts = (pairs: [string, unknown][]): pairs is [string, string][] =>
    pairs.every(([, text]) => typeof text === 'string');
  return isTexts(entries) ? Object.fromEntries(entries) : undefined;
}

/** Reads a stored key; undefined when it is not one. */
export function parseSealingKey(json: unknown): SealingKey | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { key, createdAt } = json as Partial<Record<string, unknown>>;
  if (typeof key !== 'string' || Buffer.from(key, 'base64url').length !== KEY_BYTES) return undefined;
  return Number.isSafeInteger(createdAt) ? { key, createdAt: Number(createdAt) } : undefined;
}
