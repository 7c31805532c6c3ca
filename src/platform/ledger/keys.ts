/**
 * Keys in numbered slots, 16 bytes each: the first half of a fingerprint, and of the SHA-256 of any other text. Two keys
 * are equal when these bytes are. A fingerprint is a keyed digest, so nobody without its key can search for two that begin
 * with the same 128 bits, and among millions of keys none do (RFC 2104, section 5: half of a digest is enough for a MAC).
 *
 * Slots are numbered from 1; 0 is no slot.
 */
import { hash } from 'node:crypto';
import { growFor, reserve } from './growing-arrays.ts';

const BYTES = 16;
const WORDS = BYTES / Uint32Array.BYTES_PER_ELEMENT;
const DIGEST_BYTES = 32;
/** Characters of a digest in base64url, the form of a fingerprint. */
const FINGERPRINT_LENGTH = 43;
/** Characters of a key in base64url, the form in which a column returns it. */
const KEY_LENGTH = 22;
const FIRST_BUCKETS = 256;

interface KeyColumn {
  put(slot: number, key: string): void;
  /** A text that stands for the same key. */
  get(slot: number): string;
}

/** Keys that are found by their slot only. */
export function createKeyColumn(maxSlots: number): KeyColumn {
  const { words, put } = createWords(maxSlots);
  return {
    put: (slot, key) => put(slot, wordsOf(key)),
    get: (slot) => Buffer.from(words.buffer, slot * BYTES, BYTES).toString('base64url'),
  };
}

interface KeyIndex {
  /** @returns 0 when the key is in no slot */
  find(key: string): number;
  /** Puts a key that is in no slot into a slot that has no key. */
  put(slot: number, key: string): void;
  remove(slot: number): void;
}

/** Different keys, whose slots can be found: a hash table with chains. */
export function createKeyIndex(maxSlots: number): KeyIndex {
  const { words, put } = createWords(maxSlots);
  /** The first slot of each bucket. Their number is a power of two. */
  let heads = new Int32Array(FIRST_BUCKETS);
  /** For each slot the next one of its bucket. */
  const next = new Int32Array(reserve((maxSlots + 1) * Int32Array.BYTES_PER_ELEMENT));

  // The bytes of a key are random: a fingerprint is a keyed digest, whose key no client has.
  const bucketOf = (firstWord: number | undefined): number => (firstWord ?? 0) & (heads.length - 1);

  function isAt(slot: number, key: Uint32Array): boolean {
    const from = slot * WORDS;
    for (let word = 0; word < WORDS; word += 1) if (words[from + word] !== key[word]) return false;
    return true;
  }

  function link(slot: number): void {
    const bucket = bucketOf(words[slot * WORDS]);
    next[slot] = heads[bucket] ?? 0;
    heads[bucket] = slot;
  }

  function doubleBuckets(): void {
    const old = heads;
    heads = new Int32Array(old.length * 2);
    for (let slot of old) {
      while (slot !== 0) {
        const after = next[slot] ?? 0;
        link(slot);
        slot = after;
      }
    }
  }

  return {
    find: (text) => {
      const key = wordsOf(text);
      let slot = heads[bucketOf(key[0])] ?? 0;
      while (slot !== 0 && !isAt(slot, key)) slot = next[slot] ?? 0;
      return slot;
    },
    put: (slot, text) => {
      // Slots are numbered without gaps, so there are about as many buckets as keys.
      if (slot > heads.length) doubleBuckets();
      put(slot, wordsOf(text));
      growFor(next, slot);
      link(slot);
    },
    remove: (slot) => {
      const bucket = bucketOf(words[slot * WORDS]);
      const after = next[slot] ?? 0;
      let before = heads[bucket] ?? 0;
      if (before === slot) {
        heads[bucket] = after;
        return;
      }
      while (before !== 0 && next[before] !== slot) before = next[before] ?? 0;
      if (before !== 0) next[before] = after;
    },
  };
}

function createWords(maxSlots: number) {
  const words = new Uint32Array(reserve((maxSlots + 1) * BYTES));
  return {
    words,
    put: (slot: number, key: Uint32Array): void => {
      growFor(words, (slot + 1) * WORDS - 1);
      words.set(key, slot * WORDS);
    },
  };
}

const bytes = Buffer.alloc(DIGEST_BYTES);
const asWords = new Uint32Array(bytes.buffer, bytes.byteOffset, WORDS);

/** @returns the same array each time */
function wordsOf(key: string): Uint32Array {
  const isFingerprint = key.length === FINGERPRINT_LENGTH && bytes.write(key, 'base64url') === DIGEST_BYTES;
  const isKey = key.length === KEY_LENGTH && bytes.write(key, 'base64url') === BYTES;
  if (!isFingerprint && !isKey) hash('sha256', key, 'buffer').copy(bytes);
  return asWords;
}
