/** Translates `server` and `token` of docker_auth: the listener and the tokens. */
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseListenAddress } from '../../config/listen-address.ts';
import type { Report } from '../finding.ts';
import { child, entry, isTrue, textAt } from '../foreign-yaml.ts';
import type { ForeignNode } from '../foreign-yaml.ts';

type Resolve = (path: string) => string;
type Section = Readonly<Record<string, unknown>>;

const DEFAULT_PORT = 5001;

export function translateServer(root: ForeignNode, resolvePath: Resolve, report: Report): Section {
  const node = child(root, 'server');
  for (const [key, message] of LOST) {
    const found = entry(node, key);
    if (found !== undefined) report('lost', found.line, `server.${key}: ${message}`);
  }
  const certificate = textAt(node, 'certificate');
  const key = textAt(node, 'key');
  const tls =
    certificate === undefined || key === undefined
      ? undefined
      : { certFile: resolvePath(certificate), keyFile: resolvePath(key) };
  return { listen: listenOf(node, report), ...(tls === undefined ? {} : { tls }) };
}

const LOST: readonly (readonly [string, string])[] = [
  [
    'letsencrypt',
    'docker_auth 1.9.0 and later serve plain HTTP with it, without encryption of passwords; get certificates elsewhere, and configure tls',
  ],
  [
    'real_ip_header',
    'docker_auth trusts this header from every client; write the addresses of your proxies in trustedProxies, and the header in clientAddress',
  ],
  ['real_ip_pos', 'trustedProxies lists which addresses of the header are proxies'],
  ['hsts', 'configure it in the proxy before the broker'],
  ['tls_min_version', 'Fairlead serves TLS 1.2 and later'],
  ['tls_curve_preferences', 'Fairlead serves those of Node'],
  ['tls_cipher_suites', 'Fairlead serves those of Node'],
];

function listenOf(node: ForeignNode | undefined, report: Report): string {
  const addr = textAt(node, 'addr') ?? '';
  const address = textAt(node, 'net') === 'unix' ? `unix:${addr}` : addr.replace(/^:/, '[::]:');
  if (typeof parseListenAddress(address) !== 'string') return address;
  report(
    'lost',
    entry(node, 'addr')?.line ?? node?.line ?? 1,
    `server.addr: "${addr}" is not an address with a port; the broker listens on this machine only`,
  );
  return `127.0.0.1:${DEFAULT_PORT}`;
}

/** The public URL, as far as the file shows it. */
export function guessPublicUrl({ listen, tls }: Section): string {
  const [, port = String(DEFAULT_PORT)] = /:(\d+)$/.exec(String(listen)) ?? [];
  return `${tls === undefined ? 'http' : 'https'}://localhost:${port}`;
}

const LIFETIME = { least: 60, most: 3600 } as const;

export async function translateToken(root: ForeignNode, resolvePath: Resolve, report: Report): Promise<Section> {
  const node = child(root, 'token');
  const issuer = textAt(node, 'issuer') ?? '';
  const expiration = entry(node, 'expiration');
  const seconds = Number(textAt(expiration?.value) ?? '900');
  const lifetime = Math.min(
    Math.max(Number.isFinite(seconds) ? Math.trunc(seconds) : 900, LIFETIME.least),
    LIFETIME.most,
  );
  if (lifetime !== seconds && expiration !== undefined) {
    report(
      'differs',
      expiration.line,
      `token.expiration: tokens live ${lifetime}s instead: from ${LIFETIME.least}s to ${LIFETIME.most}s is allowed`,
    );
  }
  const keyId = entry(node, 'disable_legacy_key_id');
  if (keyId !== undefined) {
    const message =
      'token.disable_legacy_key_id: tokens carry the certificate; a registry that trusts keys by jwks needs key: { header: kid-rfc7638 } in services';
    report(isTrue(keyId.value) ? 'lost' : 'note', keyId.line, message);
  }
  const tokens = { ...(issuer === '' ? {} : { issuer }), lifetime: { pull: `${lifetime}s`, push: `${lifetime}s` } };
  const key = await signingKey(root, resolvePath, report);
  return { tokens, ...(key === undefined ? {} : { keys: [key] }) };
}

/** docker_auth signs with the key of the server if the token has none. */
async function signingKey(root: ForeignNode, resolvePath: Resolve, report: Report): Promise<Section | undefined> {
  const own = child(root, 'token');
  const section = textAt(own, 'key') === undefined ? child(root, 'server') : own;
  const certificate = textAt(section, 'certificate');
  const written = entry(section, 'key');
  const keyPath = textAt(written?.value);
  if (certificate === undefined || keyPath === undefined || written === undefined) return undefined;
  const keyFile = resolvePath(keyPath);
  const algorithm = await algorithmOf(keyFile);
  if (algorithm === undefined) {
    report(
      'lost',
      written.line,
      'the signing key is neither RSA nor P-256; the broker creates a new one, whose certificate registries need',
    );
    return undefined;
  }
  if (algorithm === 'ES256') {
    report(
      'trap',
      written.line,
      'docker_auth names EC keys wrongly, so that distribution 3.1 refuses its tokens; tokens of Fairlead contain the certificate',
    );
  }
  return { name: 'default', algorithm, keyFile, certFile: resolvePath(certificate) };
}

/** RSA, the usual type, if the file cannot be read here. */
async function algorithmOf(keyFile: string): Promise<'RS256' | 'ES256' | undefined> {
  const key = await readKey(keyFile);
  if (key === 'unreadable' || (key !== undefined && key.asymmetricKeyType === 'rsa')) return 'RS256';
  const isP256 = key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isP256 ? 'ES256' : undefined;
}

async function readKey(keyFile: string): Promise<KeyObject | 'unreadable' | undefined> {
  let pem: Buffer;
  try {
    pem = await readFile(keyFile);
  } catch {
    return 'unreadable';
  }
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
