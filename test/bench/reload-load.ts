/** Asks for tokens over a few connections until it is terminated, for `reload.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

const CONNECTIONS = 4;
const { origin, pathname, search } = new URL(String(workerData));
const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });

async function ask(): Promise<void> {
  const { statusCode, body } = await pool.request({ path: pathname + search, method: 'GET' });
  await body.dump();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
}

await ask();
parentPort?.postMessage('loading', []);
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    for (;;) await ask();
  }),
);
