/**
 * The conformance tests of the OCI distribution specification against docker-registry, alone and behind a proxy with
 * forward-auth: as many must pass. `npm run conformance:forward-auth -- caddy` takes another proxy than nginx.
 */
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGISTRY_PROXIES } from '../../src/core/registry-proxy.ts';
import type { Login } from '../support/broker.ts';
import { openForwardAuthWorld } from '../support/forward-auth-world.ts';
import { madeOnce } from '../support/made-once.ts';
import { run, runOk } from '../support/process.ts';
import { startRegistry } from '../support/registry.ts';

const SUITE = 'github.com/opencontainers/distribution-spec/conformance';
const VERSION = 'v0.0.0-20260831232431-97274622c111';
const BUILD_TIMEOUT = 400_000;
const SUITE_TIMEOUT = 300_000;

const POLICY = JSON.stringify({
  rules: [
    { name: 'conformance', groups: ['team-web'], repositories: ['conformance/**'], allow: ['pull', 'push', 'delete'] },
  ],
});

interface Counts {
  readonly tests: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Target {
  readonly host: string;
  readonly login?: Login;
}

/** The suite ends with 1 when any test fails, which is so for every registry. */
async function runSuite(program: string, { host, login }: Target): Promise<Counts> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-oci-'));
  const env = {
    ...process.env,
    OCI_REGISTRY: host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/one',
    OCI_REPO2: 'conformance/two',
    ...(login === undefined ? {} : { OCI_USERNAME: login.user, OCI_PASSWORD: login.password, OCI_CACHE_AUTH: 'false' }),
  };
  await run(program, [], { cwd: folder.path, env, timeoutMs: SUITE_TIMEOUT });
  const report = await readFile(join(folder.path, 'results', 'junit.xml'), 'utf8');
  const [head = ''] = /<testsuites [^>]*>/.exec(report) ?? [];
  const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN);
  const [tests, failed, skipped] = [count('tests'), count('failures'), count('skipped') + count('disabled')];
  return { tests, failed, skipped, passed: tests - failed - skipped };
}

const proxy = REGISTRY_PROXIES.find((kind) => kind === (process.argv[2] ?? 'nginx'));
if (proxy === undefined) throw new Error(`expected one of ${REGISTRY_PROXIES.join(', ')}`);
const suite = await madeOnce(`oci-conformance-${VERSION}`, async (draft) => {
  const env = { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' };
  await runOk('nice', ['go', 'install', `${SUITE}@${VERSION}`], { env, timeoutMs: BUILD_TIMEOUT });
  return join(draft, 'conformance');
});

// Each run needs new repositories: tags that another one has left make tests fail.
const alone = await (async () => {
  await using registry = await startRegistry({ trust: undefined });
  return await runSuite(suite, { host: registry.host });
})();
console.log('without auth:', alone);
const behind = await (async () => {
  await using world = await openForwardAuthWorld({ proxy, policy: POLICY, settings: { mountAnywhere: true } });
  return await runSuite(suite, { host: world.host, login: world.people.alice });
})();
console.log(`behind ${proxy} with forward-auth:`, behind);
if (!(alone.passed > 0 && behind.passed >= alone.passed)) {
  console.error('fewer tests pass behind the proxy');
  process.exitCode = 1;
}
