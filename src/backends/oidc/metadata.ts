/** The metadata of an issuer (OpenID Connect Discovery 1.0, section 4). */
import type { Connection } from '../http-client/connection.ts';
import type { Claims } from './claim-path.ts';
import { forLog } from './for-log.ts';
import { fetchJson } from './json-request.ts';

interface MetadataRequest {
  readonly issuer: string;
  /** Where the metadata are read: the issuer, or its address within the network. */
  readonly address: string;
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/** @throws Error when the metadata cannot be read, or are those of another issuer */
export async function fetchMetadata({ issuer, address, connection, signal }: MetadataRequest): Promise<Claims> {
  const metadata = await fetchJson(connection, `${withoutSlash(address)}/.well-known/openid-configuration`, signal);
  if (!isSameIssuer(metadata['issuer'], issuer)) {
    throw new Error(
      `the metadata at ${withoutSlash(address)} name the issuer ${forLog(metadata['issuer'])}, expected ` +
        `${forLog(issuer)}: if both are this provider, write the former into issuer`,
    );
  }
  return metadata;
}

/** The metadata may name the root of a host without its slash. Tokens must name the issuer as the metadata do. */
function isSameIssuer(found: unknown, issuer: string): found is string {
  return typeof found === 'string' && URL.canParse(found) && new URL(found).href === new URL(issuer).href;
}

export function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
