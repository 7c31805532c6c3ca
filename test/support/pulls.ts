/** Pulls at a steady rate, each a token of the broker and a manifest of the registry, and a count of those that fail. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { basic } from './broker.ts';
import { ALICE, SERVICE } from './static-broker.ts';
import { waitFor } from './wait.ts';

interface Place {
  /** The URLs of the two servers. */
  readonly broker: string;
  readonly registry: string;
}

export interface Pulls {
  /** The number of manifests that were read. */
  succeeded(): number;
  /** What the others were answered, with the time since the start in milliseconds. */
  failures(): readonly { readonly at: number; readonly text: string }[];
  /** Milliseconds since the start. */
  now(): number;
  /** Waits until so many manifests have been read by requests that begin from now on. */
  more(count: number): Promise<void>;
  /** Waits for the pulls that have begun. */
  stop(): Promise<void>;
}

const REPOSITORY = 'web/rotation';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

async function tokenFor(broker: string, actions: string): Promise<string> {
  const query = new URLSearchParams({ service: SERVICE, scope: `repository:${REPOSITORY}:${actions}` });
  const response = await fetch(`${broker}/token?${String(query)}`, { headers: basic(ALICE) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`token ${response.status} ${text}`);
  const { token } = JSON.parse(text) as { readonly token: string };
  return token;
}

async function send(url: string, token: string, more: RequestInit = {}): Promise<Response> {
  const headers = new Headers(more.headers);
  headers.set('authorization', `Bearer ${token}`);
  return await fetch(url, { ...more, headers });
}

/** Puts an image of one small blob into the registry. */
export async function pushSmallImage({ broker, registry }: Place): Promise<void> {
  const token = await tokenFor(broker, 'pull,push');
  const base = `${registry}/v2/${REPOSITORY}`;
  const blob = Buffer.from('{}');
  const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
  const upload = await send(`${base}/blobs/uploads/`, token, { method: 'POST' });
  const location = new URL(upload.headers.get('location') ?? '', registry);
  location.searchParams.set('digest', digest);
  const stored = await send(String(location), token, { method: 'PUT', body: blob });
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: blob.length };
  const layer = { ...config, mediaType: 'application/vnd.oci.image.layer.v1.tar' };
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] });
  const headers = { 'content-type': MANIFEST };
  const { status } = await send(`${base}/manifests/latest`, token, { method: 'PUT', headers, body });
  if (stored.status !== 201 || status !== 201) throw new Error(`the push ended with ${stored.status} and ${status}`);
}

/** Each pull reads the manifest twice: with a new token, and with one from the start, as a client keeps it. */
export async function startPulls({ broker, registry }: Place, perSecond: number): Promise<Pulls> {
  const begun = performance.now();
  const now = (): number => Math.round(performance.now() - begun);
  const failures: { at: number; text: string }[] = [];
  const open = new Set<Promise<void>>();
  let succeeded = 0;
  const early = await tokenFor(broker, 'pull,push');
  const url = `${registry}/v2/${REPOSITORY}/manifests/latest`;

  async function read(what: string, token: () => Promise<string>): Promise<void> {
    const at = now();
    try {
      const response = await send(url, await token(), { headers: { accept: MANIFEST } });
      const text = await response.text();
      if (response.status === 200) succeeded += 1;
      else failures.push({ at, text: `${what}: ${response.status} ${text}` });
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push({ at, text: `${what}: ${message} ${cause instanceof Error ? cause.message : ''}` });
    }
  }

  const stopped = new AbortController();
  const loop = (async () => {
    for (let count = 0; !stopped.signal.aborted; count += 1) {
      const pull = Promise.all([
        read('new token', () => tokenFor(broker, 'pull')),
        read('early token', async () => early),
      ]).then(() => undefined);
      open.add(pull);
      void pull.finally(() => open.delete(pull));
      await delay(Math.max(0, ((count + 1) * 1000) / perSecond - now()));
    }
  })();
  return {
    succeeded: () => succeeded,
    failures: () => failures,
    now,
    more: async (count) => {
      const enough = succeeded + 2 * open.size + count;
      await waitFor(`${count} more pulls`, () => succeeded >= enough);
    },
    stop: async () => {
      stopped.abort();
      await loop;
      await Promise.all(open);
    },
  };
}
