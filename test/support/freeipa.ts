/** The attributes of FreeIPA in 389 Directory Server: the schema, and people whose password may have expired. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { personDn } from './slapd-entries.ts';

export const FREEIPA_PASSWORD = 'binds-to-freeipa-with-this';

export function freeIpaSchema(): Promise<string> {
  return readFile(join(import.meta.dirname, 'freeipa-schema.ldif'), 'utf8');
}

/** @param lines further attributes (LDIF), each with its line end */
export function freeIpaPerson(uid: string, lines = ''): string {
  return `
dn: ${personDn(uid)}
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: krbPrincipalAux
uid: ${uid}
cn: ${uid}
sn: ${uid}
uidNumber: 7001
gidNumber: 7001
homeDirectory: /home/${uid}
userPassword: ${FREEIPA_PASSWORD}
${lines}`;
}

/** The attribute by which the Kerberos server of FreeIPA knows when a password expires. */
export function passwordExpires(time: string): string {
  return `krbPasswordExpiration: ${time}\n`;
}
