/**
 * `kubelet`: the credential provider of kubelet. It answers one CredentialProviderRequest on standard input with the token
 * of the pod's service account, which the backend `oidc-token` accepts as it is. Facts: k8s.io/kubelet,
 * `pkg/apis/credentialprovider/v1/types.go`.
 */
import { readFile } from 'node:fs/promises';
import type { HelperCall } from './commands.ts';
import { HelperError, readInput } from './host.ts';
import type { Host } from './host.ts';
import { parseObject } from './protocol.ts';
import { registryName } from './registry-name.ts';

const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1';
/** The user name that is sent with a token. It is not used: the token names its user. */
const DEFAULT_USERNAME = 'kubelet';
/** Seconds before its end in which a token is not used any more: a pull takes time. */
const MARGIN = 60;
/** Seconds for which the token of a file is cached. Who rotates the file keeps the old token valid for longer. */
const FILE_CACHE = 300;
const MAX_TOKEN = 64 * 1024;

/** @returns the exit code */
export async function kubelet(host: Host, call: HelperCall): Promise<number> {
  const request = parseObject(await readInput(host), 'the requests of kubelet');
  const { apiVersion, kind, image } = request;
  if (kind !== 'CredentialProviderRequest' || apiVersion !== API_VERSION)
    throw new HelperError(
      `expected a CredentialProviderRequest of ${API_VERSION}, got ${String(kind)} of ${String(apiVersion)}`,
    );
  if (typeof image !== 'string') throw new HelperError('the request names no image');
  const registry = registryOfImage(image);
  requireServed(registry, call.arguments);
  const { token, cacheSeconds } = await tokenFor(request['serviceAccountToken'], call.values.get('token-file'), host);
  const username = call.values.get('username') ?? DEFAULT_USERNAME;
  const response = {
    apiVersion: API_VERSION,
    kind: 'CredentialProviderResponse',
    cacheKeyType: 'Registry',
    cacheDuration: `${cacheSeconds}s`,
    auth: { [registry]: { username, password: token } },
  };
  host.stdout(`${JSON.stringify(response)}\n`);
  return 0;
}

/** The registry is the part before the first slash, where it looks like a host (distribution's reference grammar). */
function registryOfImage(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = isHost ? registryName(first) : undefined;
  if (registry === undefined) throw new HelperError(`the image ${image} names no registry`);
  return registry;
}

/** A token is sent to no other registry, also where `matchImages` of kubelet is too wide. */
function requireServed(registry: string, served: readonly string[]): void {
  if (served.length === 0 || served.some((name) => registryName(name) === registry)) return;
  throw new HelperError(
    `${registry} is not one of the registries ${served.join(', ')} of this provider: correct matchImages in the CredentialProviderConfig`,
  );
}

interface ProvidedToken {
  readonly token: string;
  readonly cacheSeconds: number;
}

async function tokenFor(serviceAccountToken: unknown, file: string | undefined, host: Host): Promise<ProvidedToken> {
  if (file !== undefined) return { token: await tokenInFile(file), cacheSeconds: FILE_CACHE };
  if (typeof serviceAccountToken !== 'string' || serviceAccountToken === '') {
    throw new HelperError(
      'kubelet has sent no service account token; set tokenAttributes in its CredentialProviderConfig, or use --token-file',
    );
  }
  const end = endOfToken(serviceAccountToken);
  if (end === undefined)
    throw new HelperError(
      'the service account token is not a JWT with a time of expiry; correct tokenAttributes, or use --token-file',
    );
  // With 0, kubelet does not cache the credentials.
  return { token: serviceAccountToken, cacheSeconds: Math.max(0, end - host.now() - MARGIN) };
}

async function tokenInFile(path: string): Promise<string> {
  const token = (await readFile(path, 'utf8')).trim();
  if (token === '' || token.length > MAX_TOKEN || /\s/.test(token))
    throw new HelperError(`${path} has no token; expected one token and nothing else`);
  return token;
}

/** The claim `exp`. The registry's token service verifies the token; here it only says how long to cache it. */
function endOfToken(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? Math.floor(exp) : undefined;
  } catch {
    return undefined;
  }
}
