/** A password in clear text in a file or an environment variable, as CI systems and Kubernetes deliver them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BrokerError } from '../../core/errors.ts';
import type { SecretSource } from '../../core/identity.ts';
import type { BackendDeps } from '../backend.ts';
import type { SecretRef } from '../fields.ts';

export interface PlainSecret {
  /**
   * The current secret, without the line break at its end.
   *
   * @throws BrokerError `backend_unavailable` that names the place, when there is no secret
   */
  current(): Promise<CurrentSecret>;
}

export interface CurrentSecret {
  matches(password: string): boolean;
  /** A text that is another one for every other secret; undefined in commands. */
  mark(): Promise<string | undefined>;
}

export function plainSecret(ref: SecretRef, deps: Pick<BackendDeps, 'secret' | 'markSecret'>): PlainSecret {
  const place = 'file' in ref.source ? ref.source.file : `the variable ${ref.source.env}`;
  const source = deps.secret(ref);
  return {
    current: async () => {
      const secret = (await read(source, place)).replace(/\r?\n$/, '');
      if (secret === '') throw new BrokerError('backend_unavailable', `the secret of a user in ${place} is empty`);
      // The comparison needs equal lengths. Digests have them, and reveal nothing about a partial match.
      return {
        matches: (password) => timingSafeEqual(sha256(password), sha256(secret)),
        mark: async () => deps.markSecret?.(secret),
      };
    },
  };
}

async function read(source: SecretSource, place: string): Promise<string> {
  try {
    return (await source.read()).reveal();
  } catch (cause) {
    throw new BrokerError('backend_unavailable', `the secret of a user cannot be read from ${place}`, { cause });
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
