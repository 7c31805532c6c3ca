/** Imports of docker_auth configurations that are made up on the spot. */
import { stringify } from 'yaml';
import { compareDecisions } from '../../../src/migrate/docker-auth/compare.ts';
import type { ComparedDecision } from '../../../src/migrate/docker-auth/compare.ts';
import { importDockerAuth } from '../../../src/migrate/docker-auth/index.ts';
import type { DockerAuthImport } from '../../../src/migrate/docker-auth/index.ts';
import { findingLine, sortedFindings } from '../../../src/migrate/finding.ts';
import { writeNewFiles } from '../../../src/migrate/new-files.ts';
import { loadPolicy } from '../../../src/config/load.ts';
import type { Caller } from '../../../src/core/identity.ts';
import { decide } from '../../../src/core/policy/decide.ts';
import { imaginedCaller } from '../../../src/core/policy/policy-test.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { writtenFiles } from '../config/written-files.ts';
import type { WrittenFiles } from '../config/written-files.ts';

/** A hash of cost 4, of nobody's password. */
export const HASH = `$2y$04$${'a'.repeat(21)}u${'b'.repeat(31)}`;

export type Labels = Readonly<Record<string, readonly string[]>>;

export interface Imported extends AsyncDisposable {
  readonly files: WrittenFiles;
  readonly result: DockerAuthImport;
  readonly policy: Policy;
  readonly decisions: readonly ComparedDecision[];
  /** The report, with `auth.yml` for the file. */
  readonly lines: readonly string[];
  text(name: string): string;
}

/** Imports a configuration, writes the files that come of it, and loads the policy among them. */
export async function imported(
  source: string,
  others: Readonly<Record<string, string>> = {},
  services: readonly string[] = ['registry'],
): Promise<Imported> {
  const files = await writtenFiles({ 'auth.yml': source, ...others });
  const result = await importDockerAuth(files.path('auth.yml'), { services, publicUrl: 'http://localhost:5001' });
  await writeNewFiles(files.path('out'), result.files);
  const { policy } = await loadPolicy(files.path('out/policy.yaml'));
  return {
    files,
    result,
    policy,
    decisions: compareDecisions(result, policy),
    lines: sortedFindings(result.findings).map((finding) => findingLine(finding).replaceAll(`${files.folder}/`, '')),
    text: (name) => result.files.find((file) => file.name === name)?.text.replaceAll(`${files.folder}/`, '') ?? '',
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** A configuration with these rules, and these users with their labels. */
export function configuration(acl: unknown, users: Readonly<Record<string, Labels>> = {}): string {
  const entries = Object.entries(users).map(([name, labels]) => [
    name,
    { ...(name === '' ? {} : { password: HASH }), labels },
  ]);
  return stringify({
    server: { addr: '127.0.0.1:5001' },
    token: { issuer: 'test' },
    users: Object.fromEntries(entries),
    acl,
  });
}

/** Somebody as the imported users.yaml makes them: labels are groups. */
export function callerWith(account: string, labels: Labels): Caller {
  const groups = Object.entries(labels).flatMap(([label, values]) => values.map((value) => `${label}:${value}`));
  return imaginedCaller(account === '' ? undefined : account, groups);
}

export interface Asked {
  readonly account: string;
  readonly type: string;
  readonly name: string;
  readonly service: string;
  readonly ip: string;
  readonly actions: readonly string[];
}

export function grantedBy(
  policy: Policy,
  caller: Caller,
  { type, name, service, ip, actions }: Asked,
): readonly string[] {
  return decide(policy, { caller, service, client: ip, time: 0 }, { type, name, actions }).granted;
}
