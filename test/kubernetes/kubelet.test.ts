/** The credential helper and kubelet speak of the same types: those of the Go module of kubelet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canBuildHelm } from '../support/helm.ts';
import { buildChecker } from '../support/helm.ts';
import { openHome } from '../support/helper-host.ts';
import type { HelperHome } from '../support/helper-host.ts';
import { run } from '../support/process.ts';

const BUILD_TIMEOUT = 600_000;

describe.skipIf(!canBuildHelm())('the credential provider', () => {
  let home: HelperHome;
  let checker: string;
  beforeAll(async () => {
    home = await openHome();
    checker = await buildChecker();
  }, BUILD_TIMEOUT);
  afterAll(() => home[Symbol.asyncDispose]());

  const request = JSON.stringify({
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderRequest',
    image: 'registry.example.com/web/shop:1',
    serviceAccountToken: `e30.${Buffer.from('{"exp":9999999999}').toString('base64url')}.s`,
    serviceAccountAnnotations: {},
  });

  it('is asked with a request of kubelet', async () => {
    expect(await run(checker, [], { stdin: request })).toMatchObject({
      code: 0,
      stdout: 'credentialprovider.kubelet.k8s.io/v1 CredentialProviderRequest\n',
    });
  });

  it('answers with a response that kubelet decodes, without a field too many', async () => {
    const { stdout } = await home.run(['kubelet'], request);

    expect(await run(checker, [], { stdin: stdout })).toMatchObject({
      code: 0,
      stdout: 'credentialprovider.kubelet.k8s.io/v1 CredentialProviderResponse\n',
    });
  });

  it('would be refused with a duration that is a number', async () => {
    const { stdout } = await home.run(['kubelet'], request);
    const wrong = stdout.replace(/"cacheDuration":"\d+s"/, '"cacheDuration":3540');

    expect((await run(checker, [], { stdin: wrong })).code).toBe(1);
  });
});
