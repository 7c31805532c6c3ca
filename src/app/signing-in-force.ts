/**
 * The signing keys in use. A reload replaces all of them; when a file is invalid, the last valid keys stay in use. Keys
 * that an authority certifies are renewed here.
 */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Log, TokenSigner } from '../core/ports.ts';
import type { CertificateEnd } from '../platform/audit/signing-metrics.ts';
import { createSigner } from '../platform/signing/jwt-signer.ts';
import { watchedFiles } from '../platform/signing/key-files.ts';
import { jwks, loadKeys, reloadKeys } from '../platform/signing/keyset.ts';
import type { Keyset, SigningKey } from '../platform/signing/keyset.ts';
import { certificateEnd } from '../platform/signing/leaf-file.ts';
import { requireOwnState } from './own-state.ts';
import { publishTrust } from './publish-trust.ts';
import type { Reloadable } from './reload.ts';
import { signerServices } from './services.ts';

export interface SigningInForce {
  readonly signer: TokenSigner;
  /** Another object after each reload. */
  keyset(): Keyset;
  /** The JSON Web Key Set. */
  jwks(): string;
  /** For `/readyz`. */
  state(): { readonly stale: boolean };
  /** For the metrics. */
  certificateEnds(): readonly CertificateEnd[];
  readonly reloadable: Reloadable;
}

/**
 * @param onReload called when keys have been replaced
 * @throws Error that names the file when the keys cannot be used
 */
export async function openSigning(config: BrokerConfig, log: Log, onReload: () => void): Promise<SigningInForce> {
  const { keys, stateDir, trustDir } = config;
  let inForce = await activate(await loadKeys(keys, stateDir, log));
  let stale = false;

  /** Registries can find a key before the first token that it signs. */
  async function activate(keyset: Keyset) {
    const signer = createSigner(keyset, signerServices(config));
    await publishTrust(keyset, trustDir, log);
    return { keyset, signer, jwks: jwks(keyset) };
  }

  async function reload(): Promise<Readonly<Record<string, unknown>>> {
    await requireOwnState(config, log);
    const keyset = await reloadKeys(keys, stateDir);
    for (const { name, warnings } of keyset) for (const warning of warnings) log.warn(warning, { key: name });
    inForce = await activate(keyset);
    onReload();
    return { signing: keyset.map(({ id, libtrustKeyId }) => `${id} (${libtrustKeyId})`) };
  }

  return {
    signer: {
      endOf: (service) => inForce.signer.endOf(service),
      sign: (service, claims) => inForce.signer.sign(service, claims),
    },
    keyset: () => inForce.keyset,
    jwks: () => inForce.jwks,
    state: () => ({ stale }),
    certificateEnds: () => inForce.keyset.flatMap(endsOf),
    reloadable: {
      what: 'signing keys',
      watches: keys.flatMap((key) => watchedFiles(key, stateDir)),
      isDue: (now) => inForce.keyset.some(({ renewAt }) => renewAt <= now),
      reload: async () => {
        try {
          const fields = await reload();
          stale = false;
          return fields;
        } catch (error) {
          stale = true;
          throw error;
        }
      },
    },
  };
}

function endsOf({ name, chain, trusted, isCertified, renewAt }: SigningKey): readonly CertificateEnd[] {
  const ends: CertificateEnd[] = [{ key: name, certificate: 'trusted', end: certificateEnd({ chain: trusted }) }];
  const end = certificateEnd({ chain });
  if (isCertified) ends.push({ key: name, certificate: 'leaf', end, renewBy: renewalDeadline(chain, end, renewAt) });
  return ends.filter((one) => one.end !== Infinity);
}

/** The part of the lifetime of a certificate that whoever renews it from elsewhere leaves: cert-manager a third, Vault a tenth. */
const LAST_PART = 1 / 20;

/** Seconds since 1970 after which a certificate that was not renewed means that renewing it fails. */
function renewalDeadline([leaf]: SigningKey['chain'], end: number, renewAt: number): number {
  // The broker tries every five minutes. Half of the time that is left then is enough for a person to help.
  if (renewAt !== Infinity) return renewAt + (end - renewAt) / 2;
  const begin = leaf === undefined ? end : leaf.validFromDate.getTime() / 1000;
  return Math.floor(end - (end - begin) * LAST_PART);
}
