/** A load of GET requests over keep-alive connections, and what came of it. */
import { Pool } from 'undici';

export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Requests before counting starts: the just-in-time compiler needs some thousands. */
  readonly warmUp: number;
  readonly requests: number;
}

export interface Figures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @throws on any answer that is not 200: a fast refusal is not a figure. */
export async function measure({ url, headers = {}, connections, warmUp, requests }: Load): Promise<Figures> {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const ask = async (): Promise<void> => {
    const { statusCode, body } = await pool.request({ path: pathname + search, method: 'GET', headers });
    await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  };
  try {
    await repeat(warmUp, connections, ask);
    const times: number[] = [];
    const started = performance.now();
    await repeat(requests, connections, async () => {
      const at = performance.now();
      await ask();
      times.push(performance.now() - at);
    });
    const seconds = (performance.now() - started) / 1000;
    times.sort((a, b) => a - b);
    return { perSecond: requests / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  } finally {
    await pool.close();
  }
}

async function repeat(times: number, atOnce: number, work: () => Promise<void>): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}
