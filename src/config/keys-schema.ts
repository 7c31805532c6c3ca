/** The schema of `keys` in `broker.yaml`. */
import { z } from 'zod';
import { duration, filePath } from '../backends/fields.ts';
import type { FilePath } from '../backends/fields.ts';

/** The key there is when none is configured. */
export const DEFAULT_KEY = 'default';

/** Half of the shortest is longer than any token is valid, so that no token is cut short. */
const LEAF_LIFETIME = { min: 4 * 3600, max: 90 * 86_400 } as const;

const keyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits and . _ -, 64 at most')
  .meta({
    description: 'The name by which services choose this key: lower-case letters, digits and `. _ -`, at most 64',
  });

const authority = z
  .strictObject({
    leafLifetime: duration(LEAF_LIFETIME).prefault('7d').meta({
      description:
        'How long the certificate of a signing key is valid. The broker renews it when half of that is left. A stolen signing key can sign until then.',
    }),
    keyFile: filePath.optional().meta({
      description:
        'Path of the private key of the authority in PEM, without passphrase, for brokers that share an authority. `fairlead keygen --authority` makes one. Default: created in `stateDir` on the first start.',
    }),
    certFile: filePath.optional().meta({ description: 'Path of the certificate of the authority in PEM.' }),
  })
  .superRefine(({ keyFile, certFile }, context) => {
    if (certFile === undefined && keyFile === undefined) return;
    const missing = keyFile === undefined ? 'keyFile' : certFile === undefined ? 'certFile' : undefined;
    if (missing === undefined) return;
    context.addIssue({ code: 'custom', path: [missing], message: 'expected keyFile and certFile together' });
  })
  .meta({
    description:
      'Registries trust an authority, and the broker signs with short-lived keys that the authority certifies. It renews them by itself, and no registry needs a change or a restart. `{}` uses an authority that the broker creates. For services with `key.header: x5c` on distribution 2 and 3; not for zot. Default: registries trust the key itself.',
  });

export const key = z
  .strictObject({
    name: keyName,
    algorithm: z.enum(['ES256', 'RS256', 'EdDSA']).default('ES256').meta({
      description:
        'The signature algorithm. `ES256` is small and fast, and every registry supports it. `EdDSA` is Ed25519; distribution 2.8 does not start when it meets such a key.',
    }),
    keyFile: filePath.optional().meta({
      description:
        'Path of a private key in PEM, without passphrase. The files are read again when they change; a pair that is damaged or does not belong together is refused, and the old key stays in use. Without it, the broker creates key and certificate (valid for ten years) in `stateDir` on the first start, readable by the owner only. Default: created.',
    }),
    certFile: filePath.optional().meta({
      description:
        'Path of the certificate of keyFile and its chain in PEM. Without it the key has no certificate: services that use it need `key: { header: kid }`.',
    }),
    caFile: filePath.optional().meta({
      description:
        'Path of the certificate of the authority that certified keyFile, in PEM, where cert-manager, Vault or `fairlead keygen --leaf-of` renews keyFile and certFile. Registries trust this certificate, so that a new key signs at once. For services with `key.header: x5c` on distribution 2 and 3; not for zot. Default: registries trust the certificates in certFile.',
    }),
    authority: authority.optional(),
  })
  .superRefine(({ keyFile, certFile, caFile, authority: hasAuthority }, context) => {
    const refuse = (path: string, file: FilePath, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, input: file.path });
    if (certFile !== undefined && keyFile === undefined) refuse('certFile', certFile, 'expected only with keyFile');
    if (caFile !== undefined && certFile === undefined) {
      refuse('caFile', caFile, 'expected only with keyFile and certFile');
    }
    if (hasAuthority !== undefined && keyFile !== undefined) {
      refuse('keyFile', keyFile, 'expected without authority, which makes the keys; its own files are in authority');
    }
  })
  .meta({ description: 'A signing key' });
