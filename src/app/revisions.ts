/** What is in force at this broker, in short texts that are equal where brokers do the same. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Authenticator } from '../core/ports.ts';

interface InForce {
  /** The revision of `broker.yaml`. */
  readonly config: string;
  readonly policy: () => string | undefined;
  readonly keys: () => string;
}

export interface Revisions {
  current(): Readonly<Record<string, string>>;
  /** What the broker reads after the store is open. */
  setInForce(inForce: InForce): void;
  /** Reads the files of a backend, after the backend has. */
  readFilesOf(authenticator: Authenticator): Promise<void>;
}

/** As of policies. */
const DIGITS = 12;

/** @param isShared whether there are other brokers to compare with */
export function createRevisions(isShared: boolean): Revisions {
  const files = new Map<string, string>();
  let inForce: InForce | undefined;
  return {
    current: () => {
      const policy = inForce?.policy();
      return {
        ...(inForce === undefined ? {} : { config: inForce.config, keys: shortDigest(inForce.keys()) }),
        ...(policy === undefined ? {} : { policy }),
        ...Object.fromEntries(files),
      };
    },
    setInForce: (value) => {
      inForce = value;
    },
    readFilesOf: async ({ name, watches = [] }) => {
      if (!isShared || watches.length === 0) return;
      const contents = await Promise.all(watches.map((path) => readFile(path).catch(() => Buffer.from('missing'))));
      files.set(`users ${name}`, shortDigest(...contents));
    },
  };
}

function shortDigest(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(createHash('sha256').update(content).digest());
  return hash.digest('hex').slice(0, DIGITS);
}
