/** Forward-auth of a running broker: which services have it, and which keys it accepts after a reload. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForwardAuth } from '../../../src/app/open-forward-auth.ts';
import { servicesOf } from '../../../src/app/services.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import { createSigner } from '../../../src/platform/signing/jwt-signer.ts';
import { loadKeys } from '../../../src/platform/signing/keyset.ts';
import type { Keyset } from '../../../src/platform/signing/keyset.ts';
import { fixedClock, noWaiting, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { openHttpApp } from '../../support/http-app.ts';
import { policyOf } from '../../support/policy-builder.ts';
import { CONFIG, SERVICE, workspace } from '../cli/workspace.ts';
import type { Workspace } from '../cli/workspace.ts';

let files: Workspace;
beforeEach(async () => {
  files = await workspace();
});
afterEach(() => files[Symbol.asyncDispose]());

async function open(forwardAuth: object | undefined, keyset: () => Keyset) {
  const services = { [SERVICE]: forwardAuth === undefined ? {} : { forwardAuth } };
  await files.write('broker.yaml', JSON.stringify({ ...CONFIG, services, trustedProxies: ['127.0.0.1'] }));
  const { config } = await loadBroker(files.config);
  return openForwardAuth(config, {
    services: servicesOf(config),
    keyset,
    identify: async () => ANONYMOUS,
    exchangeRefreshToken: async () => ANONYMOUS,
    policy: () => policyOf([]),
    clock: fixedClock(),
    timer: noWaiting,
    audit: recordingAudit(),
    log: recordingLog(),
  });
}

const loaded = (name: string): Promise<Keyset> =>
  loadKeys([{ name, algorithm: 'ES256' }], files.path('keys'), recordingLog());

describe('forward-auth of a running broker', () => {
  it('is not there where no service has it', async () => {
    const keyset = await loaded('one');

    expect(await open(undefined, () => keyset)).toBeUndefined();
  });

  it('accepts the tokens of a key until a reload removes the key, also those that it has seen', async () => {
    const [one, two] = [await loaded('one'), await loaded('two')];
    let inForce = one;
    const forwardAuth = await open({ proxy: 'envoy' }, () => inForce);
    if (forwardAuth === undefined) throw new Error('there is no forward-auth');
    await using app = await openHttpApp({ forwardAuth });
    const now = fixedClock().now();
    const token = await createSigner(one, [{ service: SERVICE, header: 'x5c' }]).sign(SERVICE, {
      iss: 'fairlead',
      sub: 'alice',
      aud: SERVICE,
      exp: now + 300,
      nbf: now,
      iat: now,
      jti: 'j',
      access: [],
    });
    const ask = async () =>
      (await app.send(`/forward-auth/${SERVICE}/v2/`, { headers: { Authorization: `Bearer ${token}` } })).status;

    const before = [await ask(), await ask()];
    inForce = two;
    const without = await ask();
    inForce = [{ ...two[0], others: [one[0]] }];

    expect([before, without, await ask()]).toEqual([[200, 200], 401, 200]);
  });
});
