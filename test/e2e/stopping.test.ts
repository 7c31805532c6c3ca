/** A broker that gets the signal to stop while it has work. */
import { Agent, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { TokenAnswer } from '../support/broker.ts';
import { ASK_PUBLIC, ASK_WEB, muteDirectory, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { MACHINE_MS, portAnswers, waitFor } from '../support/wait.ts';

const CLIENTS = 50;

describe('a broker that a signal stops', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends immediately at a second %s, as the log says at the first',
    async (signal) => {
      await using directory = await startTcpStandIn();
      await using broker = await startBroker({
        config: { ...STATIC_CONFIG, backends: [muteDirectory(directory)] },
        files: { 'policy.yaml': TEAM_POLICY },
      });
      // It takes 8 s, for which the broker would wait.
      const login = broker.token(ASK_WEB, { user: 'alice', password: 'does-not-matter-12' }).then(
        () => 'answered',
        () => 'aborted',
      );
      await waitFor('the directory to be asked', () => directory.connections() > 0);

      broker.signal(signal);
      const line = await broker.waitForLine(({ message }) => message === 'draining');
      broker.signal(signal);
      const exit = await broker.process.exited;

      expect(line).toMatchObject({ signal, atMostSeconds: 20, hint: expect.stringMatching(/again .* stop at once/) });
      expect(exit).toEqual({ code: 0, signal: null });
      expect(broker.log().map(({ message }) => message)).toContain('stopping without draining');
      expect(await login).toBe('aborted');
    },
  );

  it('loses no request under load', async () => {
    await using broker = await startStaticBroker();
    using load = startLoad(broker.port);
    await waitFor('load', () => load.outcomes.length > 500);

    broker.signal('SIGTERM');
    // As a load balancer does: it looks at readiness, and sends nobody there once that is gone.
    const readiness = await waitFor('unreadiness', async () => {
      const response = await fetch(`${broker.url}/readyz`);
      return response.status === 503 && ((await response.json()) as { status: string });
    });
    const before = load.outcomes.length;
    // Some of them have begun after that. The broker goes on for two seconds, in which a busy machine does not serve many.
    await waitFor('requests that are served all the same', () => load.outcomes.length > before + CLIENTS, {
      everyMs: 1,
    });
    await load.end();
    const exit = await broker.process.exited;

    expect(readiness).toMatchObject({ status: 'draining' });
    expect(exit).toEqual({ code: 0, signal: null });
    expect(new Set(load.outcomes)).toEqual(new Set(['200']));
    expect(broker.log().map(({ message }) => message)).toContain('stopped');
  });

  it('answers the logins that wait for a slow directory, but accepts no new connection', async () => {
    await using directory = await startTcpStandIn();
    await using broker = await startBroker({
      config: { ...STATIC_CONFIG, backends: [muteDirectory(directory)] },
      files: { 'policy.yaml': TEAM_POLICY },
    });
    const pending = new Set<Promise<TokenAnswer>>();
    for (let index = 0; index < 10; index += 1) {
      const login = broker.token(ASK_WEB, { user: `user-${index}`, password: 'does-not-matter-12' });
      pending.add(login);
      void login.finally(() => pending.delete(login));
    }
    const logins = [...pending];
    await waitFor('the directory to be asked', () => directory.connections() > 0);

    broker.signal('SIGTERM');
    // Seldom enough to leave the broker moments in which nobody connects.
    await waitFor('the port to close', async () => !(await portAnswers(broker.port)), { everyMs: 250 });
    const stillPending = pending.size;
    const answers = await Promise.all(logins);
    const answered = performance.now();
    const exit = await broker.process.exited;

    // It waits at most 15 s for requests, of which there are none.
    expect(performance.now() - answered).toBeLessThan(2000 + MACHINE_MS);
    // The first login may have failed by then, when the directory did not say which controls it supports.
    expect(stillPending).toBeGreaterThanOrEqual(8);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(exit).toEqual({ code: 0, signal: null });
  });
});

interface Load extends Disposable {
  /** Statuses, and codes of errors. */
  readonly outcomes: readonly string[];
  /** Lets the requests under way end, and starts no more. */
  end(): Promise<void>;
}

/** Clients that keep their connections and ask again as soon as they are answered. */
function startLoad(port: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const outcomes: string[] = [];
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) outcomes.push(await ask(agent, port));
  });
  return {
    outcomes,
    end: async () => {
      isOver = true;
      await Promise.all(clients);
    },
    [Symbol.dispose]: () => {
      isOver = true;
      agent.destroy();
    },
  };
}

/** The status, or the code of the error. */
function ask(agent: Agent, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  request({ agent, host: '127.0.0.1', port, path: `/token?${ASK_PUBLIC}` }, (response) => {
    response.resume();
    response.on('end', () => resolve(String(response.statusCode)));
    response.on('error', (error: NodeJS.ErrnoException) => resolve(`cut: ${error.code}`));
  })
    .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    .end();
  return promise;
}
