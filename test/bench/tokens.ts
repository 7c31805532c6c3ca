/**
 * `npm run bench:tokens`: what a login with a personal token costs the broker, compared with the exchange of a refresh
 * token of the same user at the same backend. Both are a GET with a Basic header. The figures are processor time of the
 * broker, so that other work on the machine changes little; the goal is a ratio of at most 1.2.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../support/process.ts';
import { SERVICE } from '../support/slapd-entries.ts';
import { basic, BROKER, startBroker, STATIC_USER, writeBroker } from './bench-broker.ts';
import type { BenchServer } from './bench-broker.ts';
import { directoryBackend, PASSWORD, startDirectory } from './directory.ts';
import { measure } from './load.ts';
import type { Load } from './load.ts';
import { pinLoad, processorMs } from './pinned.ts';
import { printRow } from './table.ts';

const ROUNDS = 5;
const REQUESTS = Number(process.argv[2] ?? 6000);
const CONNECTIONS = 8;
const LIMIT = 'bench public/**,web/** pull';

let distinct = 0;
const path = (): string => `/token?service=bench&scope=repository:public/app${(distinct += 1)}:pull`;

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-tokens-'));
try {
  process.stdout.write(`Node ${process.version}, ${CONNECTIONS} connections, ${await pinLoad()}\n`);
  printRow('microseconds of the broker', 'refresh', 'personal', 'ratio');
  await compare('static-file', STATIC_USER);
  await using slapd = await startDirectory();
  const passwordFile = join(folder, 'ldap.password');
  await writeFile(passwordFile, SERVICE.password, { mode: 0o600 });
  await compare('ldap', { user: 'user-0', password: PASSWORD }, directoryBackend(slapd, passwordFile));
} finally {
  await rm(folder, { recursive: true });
}

/** @param backends lines of YAML; absent: the users file */
async function compare(
  name: string,
  { user, password }: { readonly user: string; readonly password: string },
  backends?: readonly string[],
): Promise<void> {
  const settings = ['personalTokens: {}'];
  const config = await writeBroker(join(folder, name), {
    ...(backends === undefined ? {} : { backends }),
    services: '{ bench: { anonymous: allow, refreshTokens: {} } }',
    settings,
  });
  const server = await startBroker(config);
  const answer = await fetch(`http://127.0.0.1:${server.port}/token?service=bench&offline_token=true`, {
    headers: basic(user, password),
  });
  const { refresh_token: refresh } = (await answer.json()) as { readonly refresh_token: string };
  const create = [BROKER, 'tokens', 'create', '--config', config, '--for', user, '--limit', LIMIT];
  const personal = (await runOk(process.execPath, create)).trim();
  const rows = { refresh: basic('<token>', refresh), personal: basic(user, personal) };
  const best = { refresh: Infinity, personal: Infinity };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const kind of ['refresh', 'personal'] as const) {
      const cost = await costOf(server, { path, headers: () => rows[kind], connections: CONNECTIONS });
      // The first round compiles.
      if (round > 0) best[kind] = Math.min(best[kind], cost);
    }
  }
  await server.server.stop();
  printRow(name, best.refresh, best.personal, best.personal / best.refresh);
}

/** Microseconds of processor time of one request. */
async function costOf({ server, port }: BenchServer, load: Load): Promise<number> {
  const before = await processorMs(server.pid);
  await measure(port, load, REQUESTS);
  return (((await processorMs(server.pid)) - before) * 1000) / REQUESTS;
}
