/** Alerts from the metrics of a real broker: each fires while its fault lasts, and clears when it is removed. */
import { connect } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import { expectAlertsInPhases, PROMTOOL } from '../support/prometheus.ts';
import type { Phase } from '../support/prometheus.ts';
import {
  ALICE,
  ASK_PUBLIC,
  ASK_WEB,
  STATIC_CONFIG,
  SERVICE,
  startStaticBroker,
  usersYaml,
} from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { startUserService, USERS } from '../support/user-service.ts';
import { httpAnswers, waitFor } from '../support/wait.ts';

async function readPage(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text();
}

/** A phase that begins when the page of metrics fits. */
async function phase(url: string, alerts: readonly string[], begun: RegExp, times = 1): Promise<Phase> {
  const page = await waitFor(`metrics like ${begun}`, async () => {
    const text = await readPage(url);
    return begun.test(text) && text;
  });
  return { page, at: Date.now() / 1000, alerts, times };
}

describe.skipIf(findPart(PROMTOOL) === undefined)('an alert fires during its fault and clears after it', () => {
  it('for bad files, a failing policy test, a changed configuration, and a broker that is down', async () => {
    const config = { ...STATIC_CONFIG, policy: { file: 'policy.yaml', onFailedTests: 'warn', shadow: 'next.yaml' } };
    const port = await freePort();
    const files = { 'next.yaml': TEAM_POLICY };
    await using broker = await startStaticBroker({ config, files, port });
    const { url } = broker;
    const good = await usersYaml();
    const written = await readFile(join(broker.folder, 'broker.yaml'), 'utf8');
    const tests = [{ user: 'eve', scope: 'repository:web/a:push', expect: ['push'] }];
    const failing = JSON.stringify({ ...(JSON.parse(TEAM_POLICY) as object), tests });
    await waitFor('the shadow policy', () => broker.log().some(({ message }) => message === 'shadow policy loaded'));
    const phases = [await phase(url, [], /source_stale\{source="policy"\} 0/)];

    for (const [name, bad, restored, source] of [
      ['policy.yaml', 'rules: [', TEAM_POLICY, 'policy'],
      ['users.yaml', 'users: [', good, 'backend local'],
      ['next.yaml', 'rules: [', TEAM_POLICY, 'shadow policy'],
    ] as const) {
      await broker.write(name, bad);
      phases.push(await phase(url, ['FairleadSourceStale'], new RegExp(`source_stale\\{source="${source}"\\} 1`)));
      await broker.write(name, restored);
      phases.push(await phase(url, [], new RegExp(`source_stale\\{source="${source}"\\} 0`)));
    }

    await broker.write('policy.yaml', failing);
    phases.push(await phase(url, ['FairleadPolicyTestsFail'], /failed_tests\{policy="active"\} 1/));
    await broker.write('policy.yaml', TEAM_POLICY);
    phases.push(await phase(url, [], /failed_tests\{policy="active"\} 0/));

    await broker.write('broker.yaml', `${written}\n# changed\n`);
    phases.push(await phase(url, ['FairleadConfigChanged'], /config_changed 1/));
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready', restartNeeded: true });
    await broker.write('broker.yaml', written);
    phases.push(await phase(url, [], /config_changed 0/));
    expect(await (await fetch(`${url}/readyz`)).json()).not.toHaveProperty('restartNeeded');

    await broker.stop();
    phases.push({ page: undefined, at: Date.now() / 1000, alerts: ['FairleadDown'] });
    await expectAlertsInPhases(phases);
  });

  it('for a backend that is down, failing tokens and refused logins', async () => {
    await using service = await startUserService();
    await using broker = await startBroker({
      config: {
        services: { [SERVICE]: { anonymous: 'allow' } },
        policy: 'policy.yaml',
        backends: [{ name: 'accounts', type: 'http', url: service.url }],
      },
      files: { 'policy.yaml': TEAM_POLICY },
    });
    const { url } = broker;
    const alice = { user: 'alice', password: USERS.alice.password };
    expect((await broker.token(ASK_WEB, alice)).status).toBe(200);
    // Nobody has asked for the state of the backend before.
    const phases = [await phase(url, [], /backend_up\{backend="accounts"\} 1/, 100)];

    service.script({ status: 500 });
    expect((await broker.token(ASK_WEB, { user: 'bob', password: USERS.bob.password })).status).toBe(503);
    phases.push(
      await phase(url, ['FairleadBackendDown', 'FairleadTokensFail'], /backend_up\{backend="accounts"\} 0/, 100),
    );

    service.script(undefined);
    expect((await broker.token(ASK_PUBLIC)).status).toBe(200);
    phases.push(await phase(url, [], /backend_up\{backend="accounts"\} 1/, 100));

    expect((await broker.token(ASK_WEB, { ...alice, password: 'wrong-password-55' })).status).toBe(401);
    phases.push(await phase(url, ['FairleadManyRefusedLogins'], /refused_total\{backend="accounts"/, 100));
    expect((await broker.token(ASK_PUBLIC)).status).toBe(200);
    phases.push(await phase(url, [], /tokens_total\{outcome="issued"\} 3/, 100));
    await expectAlertsInPhases(phases);
  });

  it('for a listener whose connections are used up, and a shadow policy that decides differently', async () => {
    const port = await freePort();
    const config = {
      ...STATIC_CONFIG,
      maxConnections: 16,
      admin: { listen: `127.0.0.1:${port}` },
      policy: { file: 'policy.yaml', shadow: 'next.yaml' },
    };
    await using broker = await startStaticBroker({ config, files: { 'next.yaml': 'rules: []' } });
    const url = `http://127.0.0.1:${port}`;
    await waitFor('the shadow policy', () => broker.log().some(({ message }) => message === 'shadow policy loaded'));
    const phases = [await phase(url, [], /open_connections\{listener="main"\} \d\n/)];

    const sockets = Array.from({ length: 15 }, () => connect({ port: broker.port, host: '127.0.0.1' }));
    for (const socket of sockets) socket.on('error', () => undefined);
    phases.push(await phase(url, ['FairleadConnectionsFull'], /open_connections\{listener="main"\} 1[56]\n/));
    for (const socket of sockets) socket.destroy();
    phases.push(await phase(url, [], /open_connections\{listener="main"\} \d\n/));

    expect((await broker.token(ASK_WEB, ALICE)).status).toBe(200);
    phases.push(await phase(url, ['FairleadShadowDiffers'], /outcome="differs"\} [1-9]/));
    phases.push(await phase(url, [], /outcome="differs"\} [1-9]/));
    await expectAlertsInPhases(phases);
  });

  it.skipIf(findPart(OPENSSL) === undefined)('for a TLS certificate that is about to expire', async () => {
    const [soon, later] = [await certificate(3), await certificate(200)];
    const port = await freePort();
    const config = {
      ...STATIC_CONFIG,
      admin: { listen: `127.0.0.1:${port}` },
      tls: { certFile: 'tls.pem', keyFile: 'tls.pem' },
    };
    await using broker: Broker = await startStaticBroker({ config, files: { 'tls.pem': soon }, ready: false });
    const url = `http://127.0.0.1:${port}`;
    await waitFor('the broker', () => httpAnswers(`${url}/healthz`, 200));
    const phases = [await phase(url, ['FairleadCertificateExpires'], /certificate_expiry/)];

    await broker.write('tls.pem', later);
    phases.push(await phase(url, [], /reloads_total\{source="TLS certificate",outcome="loaded"\} 1/));
    await expectAlertsInPhases(phases);
  });

  it.skipIf(findPart(OPENSSL) === undefined)(
    'for the certificate of a signing key that is about to expire',
    async () => {
      const config = { ...STATIC_CONFIG, keys: [{ name: 'own', keyFile: 'own.pem', certFile: 'own.pem' }] };
      await using broker = await startStaticBroker({ config, files: { 'own.pem': await certificate(20) } });
      const { url } = broker;
      const phases = [await phase(url, ['FairleadSigningCertificateExpires'], /signing_certificate_expiry/)];

      await broker.write('own.pem', await certificate(200));
      phases.push(await phase(url, [], /reloads_total\{source="signing keys",outcome="loaded"\} 1/));
      await expectAlertsInPhases(phases);
    },
  );
});

/** PEM: a key and its certificate. */
async function certificate(days: number): Promise<string> {
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout - -days';
  return runOk('openssl', [...request.split(' '), String(days)]);
}
