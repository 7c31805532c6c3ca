/** `fairlead import` as it is typed, and `fairlead check` on what it writes. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import type { LoopbackCertificate } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const GOLDEN = join(ROOT, 'test/golden/docker-auth');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-import-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const fairlead = (...words: readonly string[]) =>
  run(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...words], { cwd: folder });

describe.skipIf(findPart(OPENSSL) === undefined)('fairlead import docker-auth', () => {
  let certificate: LoopbackCertificate;
  beforeAll(async () => {
    certificate = await createLoopbackCertificate();
  });
  afterAll(async () => {
    await certificate[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await cp(join(GOLDEN, 'reference.yml'), join(folder, 'auth.yml'));
    await writeFile(join(folder, 'server.pem'), certificate.cert);
    await writeFile(join(folder, 'server.key'), certificate.key);
  });

  const importing = (...more: readonly string[]) =>
    fairlead('import', 'docker-auth', 'auth.yml', '--out', 'new', '--service', 'Docker registry', ...more);

  it('writes files that `fairlead check` accepts, and compares decisions', async () => {
    const { code, stdout, stderr } = await importing();
    const check = await fairlead('check', '--config', 'new/broker.yaml');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\d{3,} decisions compared, 0 differ; they are listed in new\/import-report\.txt/);
    expect(stdout).toMatch(
      /^= +admin +- +203\.0\.113\.9 .* pull,push,delete +4 +pull,push,delete +4\. Admin may everything$/m,
    );
    expect(stdout).toContain('Everything was converted, with the differences above.');
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain('new/policy.yaml: 16 rules');
  });

  it('says what to do when the key is on another machine, and does not claim success', async () => {
    await rm(join(folder, 'server.key'));

    const { code, stdout } = await importing();

    expect(code).toBe(1);
    expect(stdout).toMatch(/^to do: .*server\.key/m);
    expect(stdout).toMatch(/^\d things? (is|are) to do before it starts here: see above, before this is used\.$/m);
    expect(stdout).not.toContain('Everything was converted');
  });

  it('makes a policy whose explanations name the original rules', async () => {
    await importing();

    const scope = ['--client', '203.0.113.9', '--scope', 'repository:test-1:push', '--scope', 'repository:other:pull'];
    const { code, stdout } = await fairlead(
      'explain',
      '--config',
      'new/broker.yaml',
      '--user',
      'test',
      '--group',
      'x',
      ...scope,
    );

    expect(code).toBe(1);
    expect(stdout).toContain('repository:test-1:push grants push');
    expect(stdout).toContain('rule "5. Test may everything with images that begin with test-"');
    expect(stdout).toContain('repository:other:pull grants nothing');
    expect(stdout).toContain('rule "6. and nothing with others"');
  });

  it('overwrites no file', async () => {
    await importing();
    const before = await readFile(join(folder, 'new/policy.yaml'), 'utf8');

    const { code, stdout, stderr } = await importing();

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('new/policy.yaml: exists already; nothing was written');
    expect(await readFile(join(folder, 'new/policy.yaml'), 'utf8')).toBe(before);
  });

  it('exits with 1 when something is not converted, and lists it as JSON', async () => {
    await cp(join(GOLDEN, 'traps.yml'), join(folder, 'auth.yml'));

    const { code, stdout } = await importing('--format', 'json');

    const result: { findings: readonly { kind: string; line: number }[]; decisions: { compared: number } } =
      JSON.parse(stdout);
    expect(code).toBe(1);
    expect(result.findings[0]).toMatchObject({ kind: 'lost', line: 3 });
    expect(result.decisions.compared).toBeGreaterThan(100);
    expect(stdout).not.toContain('not-to-be-printed');
  });
});

describe('fairlead import', () => {
  it('makes a policy from the access control of zot', async () => {
    await writeFile(
      join(folder, 'zot.json'),
      '{"http":{"accessControl":{"repositories":{"**":{"defaultPolicy":["read"]}}}}}',
    );

    const { code, stdout } = await fairlead('import', 'zot', 'zot.json', '--out', '.');

    expect(code).toBe(0);
    expect(stdout).toContain('wrote policy.yaml');
    expect(await readFile(join(folder, 'policy.yaml'), 'utf8')).toContain('allow: [pull]');
  });

  it('makes users.yaml from an htpasswd file', async () => {
    await writeFile(join(folder, 'htpasswd'), 'bob:$apr1$abcdefgh$0123456789abcdefghijkl\n');

    const { code, stdout } = await fairlead('import', 'htpasswd', 'htpasswd', '--out', '.');

    expect(code).toBe(1);
    expect(stdout).toContain('htpasswd:1: not converted: bob: found an MD5 (apr1) hash');
  });

  it.each([
    [['import'], 'docker-auth'],
    [['import', 'zot', '--out', '.'], "missing required argument 'file'"],
    [['import', 'zot', 'x'], "required option '--out <folder>' not specified"],
    [['import', 'zot', 'missing', '--out', '.'], 'missing: cannot be read (no such file)'],
  ])('%j exits with 2 and says what is wrong', async (words, expected) => {
    const { code, stderr } = await fairlead(...words);

    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });
});
