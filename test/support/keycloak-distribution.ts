/** Keycloak's distribution, from Maven Central. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findJava } from './java.ts';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk } from './process.ts';

/** Milliseconds: fetching 170 MiB and preparing them on two busy cores. */
export const KEYCLOAK_FETCH_TIMEOUT = 600_000;

const VERSION = '26.7.3';
const SHA256 = '77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47';
const CENTRAL = 'https://repo1.maven.org/maven2';
const CURL: Part = { program: 'curl', debian: 'curl' };

export interface KeycloakDistribution {
  readonly java: string;
  /** The unpacked distribution, prepared for a database in a file; nothing is written to it. */
  readonly folder: string;
}

/** @returns the Java it runs on; undefined, with a warning, where Keycloak cannot run. */
export function findKeycloakJava(): string | undefined {
  return findPart(CURL) === undefined ? undefined : findJava(21);
}

export async function fetchKeycloak(java: string): Promise<KeycloakDistribution> {
  const folder = await madeOnce(`keycloak-${VERSION}`, async (draft) => {
    await download(join(draft, 'keycloak.tar.gz'));
    await runOk('tar', ['--extract', '--gzip', '--file', 'keycloak.tar.gz'], { cwd: draft });
    const unpacked = join(draft, `keycloak-${VERSION}`);
    // What start-dev does at each start, half a minute long.
    await runOk('nice', [join(unpacked, 'bin/kc.sh'), 'build', '--db=dev-file', '--cache=local'], {
      env: { ...process.env, JAVA: java },
      timeoutMs: KEYCLOAK_FETCH_TIMEOUT,
    });
    return unpacked;
  });
  return { java, folder };
}

async function download(file: string): Promise<void> {
  const name = `keycloak-quarkus-dist-${VERSION}.tar.gz`;
  const url = `${process.env['MAVEN_CENTRAL'] ?? CENTRAL}/org/keycloak/keycloak-quarkus-dist/${VERSION}/${name}`;
  await runOk('curl', ['--fail', '--location', '--silent', '--show-error', '--output', file, url], {
    timeoutMs: KEYCLOAK_FETCH_TIMEOUT,
  });
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== SHA256) throw new Error(`${url} has the SHA-256 ${found}, expected ${SHA256}`);
}
