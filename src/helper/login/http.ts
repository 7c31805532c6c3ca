/** Requests to registries and sign-in servers: bounded, without redirects, by HTTPS or on this machine only. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { HelperError } from '../host.ts';
import { parseObject } from '../protocol.ts';
import { isLoopbackHost } from '../../core/address.ts';
import { describeError } from '../../core/errors.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface RequestOptions {
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;

/** @throws HelperError when the URL is not safe, or the server does not answer */
export async function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  requireSafeUrl(url);
  try {
    return await send(url, options);
  } catch (error) {
    const code = codeOfFailure(error);
    // docker and browsers trust the authorities of the system, Node.js has a list of its own. Nothing was sent yet.
    if (ADVICE[code] === UNKNOWN_AUTHORITY && trustSystemAuthorities()) return request(url, options);
    throw new HelperError(sentenceOf(new URL(url).origin, code, error));
  }
}

async function send(url: string, { form, timeoutMs = TIMEOUT_MS }: RequestOptions): Promise<Answer> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json' },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  return { status: response.status, headers: response.headers, text: await boundedText(response) };
}

let isSystemTrusted = false;

/** @returns false when this process trusts them already */
function trustSystemAuthorities(): boolean {
  if (isSystemTrusted) return false;
  isSystemTrusted = true;
  setDefaultCACertificates([...getCACertificates('default'), ...getCACertificates('system')]);
  return true;
}

function sentenceOf(origin: string, code: string, error: unknown): string {
  const advice = ADVICE[code];
  return advice === undefined
    ? `${origin} does not answer: ${describeError(error)}; check the network, or ask its operator`
    : `${origin} cannot be asked (${code}): ${advice}`;
}

const NO_TLS = 'it does not speak TLS, and a login is sent to HTTPS servers only; ask its operator for HTTPS';
const UNKNOWN_AUTHORITY =
  'the authority of its certificate is unknown; add it to those of the system, or name its file in NODE_EXTRA_CA_CERTS';

/** What to do, by the codes of errors of Node.js (errors.html, tls.html#x509-certificate-error-codes). */
const ADVICE: Readonly<Partial<Record<string, string>>> = {
  ENOTFOUND: 'check the spelling of its name, and the network',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_NOT_YET_VALID: 'check the clock of this machine',
  CERT_HAS_EXPIRED: 'check the clock of this machine; if it is right, ask its operator for a new certificate',
};

/** `fetch` throws an error whose cause has the code. */
function codeOfFailure(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}

/** @throws HelperError when the answer is not a JSON object: another program answers, such as the page of a network */
export function parseAnswer(text: string, server: string): Readonly<Record<string, unknown>> {
  return parseObject(text, `the answers of ${server}`, `open ${server} in a browser to see what answers`);
}

/** @throws HelperError */
export function requireSafeUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw new HelperError(`"${url}" is not a URL; expected https://HOST`);
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopbackHost(parsed.hostname))) return parsed;
  throw new HelperError(
    `${parsed.origin} is not HTTPS: a login is sent to HTTPS servers only; ask its operator for HTTPS`,
  );
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new HelperError(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
