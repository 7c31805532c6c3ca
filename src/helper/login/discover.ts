/** From the name of a registry to its sign-in server: the registry names the realm, and the realm its metadata. */
import { isLoopbackHost } from '../../core/address.ts';
import { HelperError } from '../host.ts';
import { parseChallenge } from './challenge.ts';
import type { BearerChallenge } from './challenge.ts';
import { parseAnswer, request, requireSafeUrl } from './http.ts';
import type { Answer } from './http.ts';

export interface SignInServer {
  /** Its identifier: the URL that all its endpoints begin with. */
  readonly issuer: string;
  /** The name of the registry at the server. */
  readonly service: string;
  readonly tokenUrl: string;
  readonly authorizationUrl?: string;
  readonly deviceUrl?: string;
  readonly revocationUrl?: string;
}

const METADATA_PATH = '/.well-known/oauth-authorization-server';

/** @throws HelperError that says what is wrong with the registry or the server */
export async function discover(registry: string): Promise<SignInServer> {
  const { realm, service } = await challengeOf(registry);
  requireSafeUrl(realm);
  const issuer = issuerOf(realm);
  const { status, text } = await request(`${issuer}${METADATA_PATH}`);
  if (status >= 500) throw outage(issuer, status);
  if (status !== 200) {
    throw new HelperError(
      `${issuer} has no sign-in for this program (status ${status}); use docker login, or ask its operator to enable it`,
    );
  }
  return { ...parseMetadata(parseAnswer(text, issuer), issuer), service };
}

/** @throws HelperError when what is left of the realm is not at the same server */
function issuerOf(realm: string): string {
  const issuer = realm.replace(/\/(?:token|auth|auth\/token)\/?$/, '');
  const url = URL.parse(issuer);
  if (url !== null && url.origin === new URL(realm).origin && url.search === '' && url.hash === '') return issuer;
  throw new HelperError(`the realm ${realm} is not the token endpoint of a sign-in server; use docker login`);
}

async function challengeOf(registry: string): Promise<BearerChallenge> {
  const { status, headers } = await ping(registry);
  const challenge = parseChallenge(headers.get('www-authenticate') ?? '');
  if (challenge !== undefined) return challenge;
  if (status >= 500) throw outage(registry, status);
  throw new HelperError(
    status === 401
      ? `${registry} asks for a password, and not for a token of a token service; use docker login`
      : `${registry} does not ask for a login (status ${status} at /v2/, expected 401 with a Bearer challenge); check its name`,
  );
}

/** Also what a reverse proxy answers while the server behind it is down. */
function outage(server: string, status: number): HelperError {
  return new HelperError(`${server} cannot answer now (status ${status}); try again later, or ask its operator`);
}

/** Registries on this machine may be without TLS, as for docker. */
async function ping(registry: string): Promise<Answer> {
  const host = new URL(`https://${registry}`).hostname;
  try {
    return await request(`https://${registry}/v2/`);
  } catch (error) {
    if (!isLoopbackHost(host)) throw error;
    return request(`http://${registry}/v2/`).catch(() => {
      throw error;
    });
  }
}

/**
 * RFC 8414, section 3.3: the issuer must be the one that was asked, so that no server can name the endpoints of another
 * one. Here, all endpoints must be of the issuer as well.
 */
function parseMetadata(metadata: Readonly<Record<string, unknown>>, issuer: string): Omit<SignInServer, 'service'> {
  if (metadata['issuer'] !== issuer)
    throw new HelperError(`the metadata of ${issuer} are those of another server; ask its operator`);
  const endpoint = (name: string): string | undefined => {
    const url = metadata[name];
    if (url === undefined) return undefined;
    if (typeof url === 'string' && url.startsWith(`${issuer}/`)) return url;
    throw new HelperError(`the metadata of ${issuer} name a ${name} of another server; ask its operator`);
  };
  const tokenUrl = endpoint('token_endpoint');
  if (tokenUrl === undefined)
    throw new HelperError(`the metadata of ${issuer} have no token_endpoint; ask its operator`);
  const authorizationUrl = endpoint('authorization_endpoint');
  const deviceUrl = endpoint('device_authorization_endpoint');
  const revocationUrl = endpoint('revocation_endpoint');
  return {
    issuer,
    tokenUrl,
    ...(authorizationUrl === undefined ? {} : { authorizationUrl }),
    ...(deviceUrl === undefined ? {} : { deviceUrl }),
    ...(revocationUrl === undefined ? {} : { revocationUrl }),
  };
}
