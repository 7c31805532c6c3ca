/** Forward-auth, compared with a bare server that verifies the same tokens. */
import { join, resolve } from 'node:path';
import { startBroker, writeBroker } from './bench-broker.ts';
import type { BenchServer } from './bench-broker.ts';
import { startPinned } from './pinned.ts';
import { bestOf, CONNECTIONS, printBest } from './rounds.ts';
import type { Row } from './rounds.ts';

/** More than the cache of verified tokens holds, so that none is there when it comes again. */
const TOKENS = 4000;

export async function measureForwardAuth(folder: string): Promise<void> {
  const config = await writeBroker(join(folder, 'forward-auth'), {
    services: '{ bench: { anonymous: allow, forwardAuth: { proxy: envoy } } }',
    settings: ['trustedProxies: [127.0.0.1]', 'tokens: { reuse: 0s }'],
  });
  const broker = await startBroker(config);
  const url = `http://127.0.0.1:${broker.port}`;
  const tokens: string[] = [];
  while (tokens.length < TOKENS) tokens.push(...(await Promise.all(Array.from({ length: 100 }, () => tokenOf(url)))));
  const bare = await startBareVerifier(await (await fetch(`${url}/.well-known/jwks.json`)).text());
  const path = (): string => '/forward-auth/bench/v2/public/app/manifests/latest';
  let sent = 0;
  const distinct = () => ({ Authorization: `Bearer ${tokens[(sent += 1) % TOKENS]}` });
  const same = () => ({ Authorization: `Bearer ${tokens[0]}` });
  const rows: readonly Row[] = [
    {
      name: 'bare node:http, verifies the same JWT',
      server: bare,
      load: { path, connections: CONNECTIONS, headers: same },
    },
    { name: 'forward-auth, one token', server: broker, load: { path, connections: CONNECTIONS, headers: same } },
    {
      name: 'forward-auth, distinct tokens',
      server: broker,
      load: { path, connections: CONNECTIONS, headers: distinct },
    },
  ];
  printBest(rows, await bestOf(rows), 'requests/s');
  await bare.server.stop();
  await broker.server.stop();
}

async function tokenOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/token?service=bench&scope=repository:public/app:pull`);
  return ((await answer.json()) as { readonly token: string }).token;
}

async function startBareVerifier(keySet: string): Promise<BenchServer> {
  const server = startPinned(process.execPath, [resolve(import.meta.dirname, 'bare-verifier.ts'), keySet]);
  const [, port] = await server.waitForOutput(/listening (\d+)/);
  return { server, port: Number(port) };
}
