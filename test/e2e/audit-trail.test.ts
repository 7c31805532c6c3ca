/** Every token has its audit line, or its line is reported as dropped, whatever happens to who reads the lines. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { kill } from '../support/halt.ts';
import { hasRoot } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { httpAnswers, waitFor } from '../support/wait.ts';

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** What reads the broker's standard error, and can be made to stop. */
interface Reader {
  pause(): void;
  resume(): void;
  /** Ends it; from then on nobody can write to it. */
  end(): Promise<void>;
}

interface Started {
  readonly url: string;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly reader: Reader;
  /** All lines that were read so far. */
  lines(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

type Kind = 'pipe' | 'FIFO' | 'unix socket';

async function startBroker(kind: Kind, audit: string): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-audit-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  await writeFile(
    join(folder, 'broker.yaml'),
    `listen: 127.0.0.1:${port}\npublicUrl: http://localhost:${port}\nservices: { r: { anonymous: allow } }\npolicy: policy.yaml\n${audit}`,
  );
  await writeFile(
    join(folder, 'policy.yaml'),
    'rules:\n  - { name: public, everyone: true, repositories: ["public/**"], allow: pull }\n',
  );
  const out = join(folder, 'stderr');
  await writeFile(out, '');
  const serve = `"${process.execPath}" "${MAIN}" serve --config "${join(folder, 'broker.yaml')}"`;
  const { child, reader } = await (kind === 'unix socket' ? bySocket(folder, out) : byCat(kind, folder, out, serve));
  cleanUps.push(() => stopped(child));
  const url = `http://127.0.0.1:${port}`;
  await waitFor('the broker', () => httpAnswers(`${url}/healthz`, 200));
  return { url, folder, child, reader, lines: async () => parsed(await readFile(out, 'utf8')) };
}

/** Node gives a child a unix socket where it is asked for a pipe. */
async function bySocket(folder: string, out: string): Promise<{ child: ChildProcess; reader: Reader }> {
  const args = [MAIN, 'serve', '--config', join(folder, 'broker.yaml')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const file = createWriteStream(out, { flags: 'a' });
  child.stderr.pipe(file);
  return {
    child,
    reader: {
      pause: () => void child.stderr.unpipe(file).pause(),
      resume: () => void child.stderr.pipe(file),
      end: async () => {
        child.stderr.destroy();
        await once(child.stderr, 'close');
      },
    },
  };
}

async function byCat(kind: 'pipe' | 'FIFO', folder: string, out: string, serve: string) {
  const fifo = join(folder, 'fifo');
  if (kind === 'FIFO') await run('mkfifo', [fifo]);
  const command =
    kind === 'FIFO'
      ? `cat "${fifo}" >> "${out}" & echo $! > "${folder}/reader.pid"; exec ${serve} 2> "${fifo}"`
      : `exec 3>&1; { ${serve} 2>&1 >/dev/null & echo $! > "${folder}/broker.pid"; wait; } | sh -c 'echo $$ > "${folder}/reader.pid"; exec cat >> "${out}"'`;
  const child = spawn('sh', ['-c', command], { stdio: 'ignore' });
  const pid = await waitFor('the reader', () => processIdIn(join(folder, 'reader.pid')));
  cleanUps.push(() => endOf(pid));
  if (kind === 'pipe') {
    const broker = await waitFor('the id of the broker', () => processIdIn(join(folder, 'broker.pid')));
    cleanUps.push(() => endOf(broker));
  }
  return {
    child,
    reader: {
      pause: () => void process.kill(pid, 'SIGSTOP'),
      resume: () => void process.kill(pid, 'SIGCONT'),
      end: () => kill(pid),
    },
  };
}

/** A file that is not written yet is empty, and 0 would be the process group of the tests. */
async function processIdIn(path: string): Promise<number | undefined> {
  const id = Number(await readFile(path, 'utf8'));
  return id > 0 ? id : undefined;
}

function endOf(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

function parsed(text: string): readonly Readonly<Record<string, unknown>>[] {
  const whole = text.endsWith('\n') ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A request that makes a line of some 20 KB. */
const LONG = Array.from({ length: 250 }, (_, at) => `scope=repository:public/${'x'.repeat(40)}-${at}:pull`).join('&');

async function ask(url: string, count: number, atOnce = 20): Promise<number> {
  let issued = 0;
  for (let sent = 0; sent < count; sent += atOnce) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(atOnce, count - sent) }, async () => {
        const response = await fetch(`${url}/token?service=r&${LONG}`);
        await response.arrayBuffer();
        return response.status;
      }),
    );
    for (const status of answers) expect([200, 503]).toContain(status);
    issued += answers.filter((status) => status === 200).length;
  }
  return issued;
}

function recorded(lines: readonly Readonly<Record<string, unknown>>[]): {
  readonly lines: number;
  readonly dropped: number;
} {
  const withheld = lines.filter(({ event }) => event === 'token.withheld').length;
  const reported = lines.filter(({ event }) => event === 'log.dropped');
  return {
    lines: lines.filter(({ event }) => event === 'token.issued').length - withheld,
    dropped: reported.reduce((sum, { dropped }) => sum + Number(Object(dropped)['token.issued'] ?? 0), 0),
  };
}

describe.each(['pipe', 'FIFO', 'unix socket'] as const)('with a %s that is not read for a while', (kind) => {
  it('every token has a line, or is counted in the line that reports the loss', async () => {
    const { url, reader, lines } = await startBroker(kind, '');
    let issued = await ask(url, 100);

    reader.pause();
    issued += await ask(url, 1000);
    reader.resume();
    await waitFor('the report', async () => recorded(await lines()).dropped > 0);
    issued += await ask(url, 20);

    expect(issued).toBe(1120);
    await waitFor('every line', async () => {
      const found = recorded(await lines());
      return found.lines + found.dropped === issued;
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/fairlead_log_lines_dropped_total\{target="log"\} [1-9]/);
  });

  it('no token is issued without its line where onLoss is refuse', async () => {
    const { url, reader, lines } = await startBroker(kind, 'audit: { onLoss: refuse }\n');
    let issued = await ask(url, 20);
    expect(issued).toBe(20);

    reader.pause();
    issued += await ask(url, 100, 100);
    expect(issued).toBeLessThan(120);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    reader.resume();
    await waitFor('readiness', () => httpAnswers(`${url}/readyz`, 200));
    issued += await ask(url, 20);

    await waitFor('every line', async () => recorded(await lines()).lines === issued);
    expect(recorded(await lines()).dropped).toBe(0);
  });
});

describe.each(['pipe', 'FIFO', 'unix socket'] as const)('with a %s whose reader has gone', (kind) => {
  it('the broker goes on, says so in readiness and counts what is lost', async () => {
    const { url, reader } = await startBroker(kind, '');
    await reader.end();

    expect(await ask(url, 600)).toBe(600);

    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'degraded', audit: 'failing' }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/fairlead_log_lines_dropped_total\{target="log"\} [1-9]/);
  });

  it('no token is issued where onLoss is refuse', async () => {
    const { url, reader } = await startBroker(kind, 'audit: { onLoss: refuse }\n');
    expect(await ask(url, 1)).toBe(1);
    await reader.end();

    expect(await ask(url, 20)).toBe(0);

    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });
});

describe('with an audit file', () => {
  it.skipIf(!hasRoot({ program: 'mount' })).each(['count', 'refuse'] as const)(
    'on a disk that is full for a while, each token has a line or is reported: onLoss %s',
    async (onLoss) => {
      const disk = await mkdtemp(join(tmpdir(), 'fairlead-disk-'));
      await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      cleanUps.push(() => run('umount', ['-l', disk]));
      const file = join(disk, 'audit.log');
      const { url, lines } = await startBroker('unix socket', `audit: { file: ${file}, onLoss: ${onLoss} }\n`);

      let issued = await ask(url, onLoss === 'refuse' ? 120 : 600, 120);
      const ready = await fetch(`${url}/readyz`);
      const { status } = (await ready.json()) as { readonly status: string };
      expect([ready.status, status]).toEqual(onLoss === 'refuse' ? [503, 'unready'] : [200, 'degraded']);
      await run('mount', ['-o', 'remount,size=64m', disk]);
      await waitFor('readiness', async () => {
        const { status: now } = (await (await fetch(`${url}/readyz`)).json()) as { readonly status: string };
        return now === 'ready';
      });
      issued += await ask(url, 20);

      await waitFor('the log of both states', async () => {
        const found = await lines();
        const failure = found.findIndex(
          ({ message, cause }) => message === 'audit file cannot be written' && cause === 'ENOSPC',
        );
        return failure >= 0 && found.slice(failure).some(({ message }) => message === 'audit file works again');
      });
      await waitFor('every line', async () => {
        const found = recorded(parsed(await readFile(file, 'utf8')));
        return found.lines + found.dropped === issued && (onLoss === 'count' || found.dropped === 0);
      });
      // The log is for operators; the trail has a file of its own.
      expect(recorded(await lines())).toEqual({ lines: 0, dropped: 0 });
    },
  );

  it('lines go to the new file after a rotation and SIGHUP, and none is lost', async () => {
    const { url, folder, child, lines } = await startBroker('unix socket', 'audit: { file: audit.log }\n');
    const file = join(folder, 'audit.log');
    const before = await ask(url, 20);
    await waitFor('its lines', async () => recorded(parsed(await readFile(file, 'utf8'))).lines === before);

    await rename(file, `${file}.1`);
    child.kill('SIGHUP');
    await waitFor('the reload', async () => (await lines()).some(({ message }) => message === 'policy reloaded'));
    const after = await ask(url, 20);

    await waitFor('the new file', async () => recorded(parsed(await readFile(file, 'utf8'))).lines === after);
    expect(recorded(parsed(await readFile(`${file}.1`, 'utf8'))).lines).toBe(before);
  });
});

describe('an audit line', () => {
  it('says what is denied, and whether all, some or none of what was asked is granted', async () => {
    const { url, lines } = await startBroker('unix socket', '');
    for (const scope of ['public/a:pull', 'public/a:pull,push', 'own/a:push'])
      await fetch(`${url}/token?service=r&scope=repository:${scope}`);

    const issued = await waitFor('the lines', async () => {
      const found = (await lines()).filter(({ event }) => event === 'token.issued');
      return found.length === 3 ? found : undefined;
    });
    expect(issued.map(({ outcome, denied }) => [outcome, denied])).toEqual([
      ['all', undefined],
      ['some', ['repository:public/a:push']],
      ['none', ['repository:own/a:push']],
    ]);
  });

  it('is bounded, however much is asked', async () => {
    const { url, lines } = await startBroker('unix socket', '');
    const scope = Array.from({ length: 500 }, (_, at) => `repository:${'x'.repeat(80)}/${at}:pull`).join(' ');
    const body = new URLSearchParams({ service: 'r', scope });
    expect((await fetch(`${url}/token`, { method: 'POST', body })).status).toBe(200);

    const line = await waitFor('the line', async () => (await lines()).find(({ event }) => event === 'token.issued'));
    expect(JSON.stringify(line).length).toBeLessThan(48_000);
    expect(line['askedTruncated']).toBeGreaterThan(0);
  });
});
