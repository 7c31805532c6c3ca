/** Announced keys that can sign, so that `doctor` can find out whether a registry trusts them. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyConfig } from './config.ts';
import { readGenerations } from './generations.ts';
import { readGeneration, signingKey } from './keyset.ts';
import type { SigningKey } from './keyset.ts';
import type { LoadedKey } from './read-key.ts';

/** Long enough for a token that is tried at once. */
const TRIAL_SECONDS = 3600;

/** @throws Error that names a file that cannot be used */
export async function announcedKeys(configs: readonly KeyConfig[], stateDir: string): Promise<readonly SigningKey[]> {
  const keys = await Promise.all(configs.map((config) => announcedOf(config, stateDir)));
  return keys.flat();
}

async function announcedOf(config: KeyConfig, stateDir: string): Promise<readonly SigningKey[]> {
  const announced = (await readGenerations(config, stateDir)).filter(({ state }) => state === 'announced');
  return Promise.all(
    announced.map(async (generation) => {
      const loaded = await readGeneration(config, generation);
      const isCertified = config.authority !== undefined;
      const signer = isCertified ? await trialLeaf(config, loaded) : loaded;
      return { ...signingKey(config, generation.id, signer), others: [], renewAt: Infinity, isCertified };
    }),
  );
}

/** A key that is certified by the authority and never written. */
async function trialLeaf({ algorithm, name }: KeyConfig, authority: LoadedKey): Promise<LoadedKey> {
  const { issueLeaf } = await import('./authority.ts');
  const { key, certificate } = await issueLeaf(authority, { algorithm, name, lifetime: TRIAL_SECONDS });
  const privateKey = createPrivateKey(key);
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    chain: [new X509Certificate(certificate)],
    warnings: [],
  };
}
