/** A directory with 200 users on TLS, and a small client in Go for comparison. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { KeyType } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import { GROUPS_DN, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

/**
 * Each new connection costs the directory a signature with its key. RSA 2048 is what the certificate services of Windows
 * make for domain controllers by default; with P-256 a signature costs a tenth.
 */
export const KEY_TYPES: readonly KeyType[] = ['P-256', 'RSA 2048'];

export const USERS = 200;
export const PASSWORD = 'binds-with-this';

const dn = (n: number): string => `uid=user-${n},${PEOPLE_DN}`;

const LDIF = [
  ...[...Array(USERS).keys()].map(
    (n) =>
      `dn: ${dn(n)}\nobjectClass: inetOrgPerson\nuid: user-${n}\ncn: user-${n}\nsn: x\nuserPassword: ${PASSWORD}\n`,
  ),
  // Each user is in one of ten groups.
  ...[...Array(10).keys()].map((group) => {
    const members = [...Array(USERS).keys()].filter((n) => n % 10 === group).map((n) => `member: ${dn(n)}`);
    return `dn: cn=team-${group},${GROUPS_DN}\nobjectClass: groupOfNames\n${members.join('\n')}\n`;
  }),
].join('\n');

export function startDirectory(keyType: KeyType = 'P-256'): Promise<Slapd> {
  return startSlapd({ tls: true, keyType, ldif: LDIF });
}

/** The lines of the backend in `broker.yaml`. */
export function directoryBackend({ ldapsUrl = '', caFile = '' }: Slapd, passwordFile: string): readonly string[] {
  return [
    '- name: directory',
    '  type: ldap',
    `  urls: ["${ldapsUrl}"]`,
    `  tls: { caFile: ${caFile} }`,
    `  bind: { dn: "${SERVICE.dn}", password: { file: ${passwordFile} } }`,
    `  users: { base: "${PEOPLE_DN}" }`,
    `  groups: { base: "${GROUPS_DN}" }`,
  ];
}

/** @returns the program; undefined without Go */
export async function buildGoClient(): Promise<string | undefined> {
  if (findPart({ program: 'go' }) === undefined) return undefined;
  const program = join(await mkdtemp(join(tmpdir(), 'fairlead-go-')), 'client');
  await runOk('go', ['build', '-o', program, '.'], {
    cwd: resolve(import.meta.dirname, 'go-client'),
    timeoutMs: 300_000,
  });
  return program;
}

/** @param connections of one login: 1, or 3, one for each bind */
export function goClientArguments(
  slapd: Slapd,
  callers: number,
  seconds: number,
  connections: 1 | 3,
): readonly string[] {
  const { ldapsUrl = '', caFile = '' } = slapd;
  const of = [SERVICE.dn, SERVICE.password, PEOPLE_DN, GROUPS_DN, PASSWORD];
  return [ldapsUrl, String(callers), `${seconds}s`, caFile, ...of, String(connections)];
}
