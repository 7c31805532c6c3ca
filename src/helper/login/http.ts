/** Requests to registries and sign-in servers: bounded, without redirects, by HTTPS or on this machine only. */
import { HelperError } from '../host.ts';
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
export async function request(url: string, { form, timeoutMs = TIMEOUT_MS }: RequestOptions = {}): Promise<Answer> {
  requireSafeUrl(url);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    return { status: response.status, headers: response.headers, text: await boundedText(response) };
  } catch (error) {
    throw new HelperError(`${new URL(url).origin} does not answer: ${describeError(error)}`, { cause: error });
  }
}

/** @throws HelperError */
export function requireSafeUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw new HelperError(`"${url}" is not a URL`);
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopbackHost(parsed.hostname))) return parsed;
  throw new HelperError(`${parsed.origin} is not HTTPS: a login is sent to HTTPS servers only`);
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
