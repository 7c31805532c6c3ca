/** Certificates as cert-manager issues them, made by openssl, and the volume in which the kubelet gives them to a pod. */
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk } from './process.ts';

/** The entries of a Secret. */
export type SecretData = Readonly<Record<string, string>>;

export interface SecretVolume {
  readonly folder: string;
  /** Replaces all files at once, as the kubelet does when the Secret has changed. */
  replace(data: SecretData): Promise<void>;
}

/**
 * The files are links through `..data`, which is a link to a folder with the time in its name. The kubelet makes another
 * folder, replaces the link by a rename, and removes the old folder.
 */
export async function secretVolume(folder: string, first: SecretData): Promise<SecretVolume> {
  const current = join(folder, '..data');
  let count = 0;
  const replace = async (data: SecretData): Promise<void> => {
    const before = await readlink(current).catch(() => undefined);
    const name = `..2026_11_27_08_00_${String((count += 1)).padStart(2, '0')}.1`;
    await mkdir(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(data)) await writeFile(join(folder, name, file), text, { mode: 0o440 });
    await symlink(name, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), current);
    if (before !== undefined) await rm(join(folder, before), { recursive: true });
  };
  await replace(first);
  for (const file of Object.keys(first)) await symlink(join('..data', file), join(folder, file));
  return { folder, replace };
}

export interface CertificateIssuer {
  /** A Secret with `tls.key`, `tls.crt` and `ca.crt`, of another key each time. */
  issue(): Promise<SecretData>;
}

/** An issuer of the kind `CA` for ECDSA keys: the keys are SEC1, and the certificates are not dated back. */
export async function certificateIssuer(folder: string, name: string): Promise<CertificateIssuer> {
  const path = (file: string): string => join(folder, file);
  const openssl = (...args: readonly string[]): Promise<string> => runOk('openssl', args);
  const makeKey = (file: string) => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path(file));
  const [caKey, caCert] = ['ca.key', 'ca.crt'].map(path) as [string, string];
  await makeKey('ca.key');
  const isCa = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  await openssl('req', '-x509', '-new', '-key', caKey, '-subj', `/CN=${name}`, '-days', '365', ...isCa, '-out', caCert);
  await writeFile(path('leaf.cnf'), 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n');
  return {
    issue: async () => {
      await makeKey('leaf.key');
      const [key, request, certificate] = ['leaf.key', 'leaf.csr', 'leaf.crt'].map(path) as [string, string, string];
      await openssl('req', '-new', '-key', key, '-subj', '/CN=fairlead-signing', '-out', request);
      const by = ['-CA', caCert, '-CAkey', caKey, '-CAcreateserial', '-days', '7', '-extfile', path('leaf.cnf')];
      await openssl('x509', '-req', '-in', request, ...by, '-out', certificate);
      const text = (file: string) => readFile(file, 'utf8');
      return { 'tls.key': await text(key), 'tls.crt': await text(certificate), 'ca.crt': await text(caCert) };
    },
  };
}
