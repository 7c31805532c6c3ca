/** Decides the same requests by the rules of docker_auth and by the policy they were translated to. */
import { isAction } from '../../core/access.ts';
import { decide } from '../../core/policy/decide.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { repositorySegments } from '../../core/policy/repository-pattern.ts';
import { DEFAULT_TIME } from '../../core/policy/situation.ts';
import { askersFor } from './askers.ts';
import type { Asker } from './askers.ts';
import type { AclRequest, AclDecision } from './model.ts';
import { decideAcl } from './model.ts';
import type { DockerAuthImport } from './index.ts';
import { plainName } from './plain.ts';
import { neighboursOf, samplesOf } from './samples.ts';

export interface ComparedDecision {
  readonly request: AclRequest;
  readonly before: AclDecision;
  readonly after: { readonly rule: string | undefined; readonly granted: readonly string[] };
  readonly same: boolean;
}

const MAX = { accounts: 40, names: 60, addresses: 10, services: 4, requests: 20_000 } as const;

export function compareDecisions(imported: DockerAuthImport, policy: Policy): readonly ComparedDecision[] {
  return requestsFor(imported).map(({ asker, request }) => {
    const { type, name, actions, service, ip } = request;
    const before = decideAcl(imported.rules, request);
    const situation = { caller: asker.caller, service, client: ip, time: DEFAULT_TIME };
    const { granted, because } = decide(policy, situation, { type, name, actions });
    const decisive = because.at(-1);
    const rule = decisive === undefined || decisive.effect === 'skipped' ? undefined : decisive.rule;
    return { request, before, after: { rule, granted }, same: isSame(before.granted, granted) };
  });
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return new Set(before.filter((action) => isAction(action))).symmetricDifference(new Set(after)).size === 0;
}

interface Request {
  readonly asker: Asker;
  readonly request: AclRequest;
}

/** All combinations, up to a bound. */
function requestsFor(imported: DockerAuthImport): readonly Request[] {
  const everybody = askersFor(imported).slice(0, MAX.accounts);
  const repositories = namesFor(imported, everybody);
  const asked = [
    ...repositories.map((name) => ({ type: 'repository', name, actions: ['pull', 'push', 'delete'] })),
    // podman and skopeo ask for it to delete.
    ...repositories.map((name) => ({ type: 'repository', name, actions: ['*'] })),
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ];
  const requests: Request[] = [];
  for (const service of servicesFor(imported)) {
    for (const ip of addressesFor(imported)) {
      for (const asker of everybody) {
        for (const what of asked) {
          if (requests.length >= MAX.requests) return requests;
          requests.push({ asker, request: { account: asker.account, labels: asker.labels, service, ip, ...what } });
        }
      }
    }
  }
  return requests;
}

function namesFor({ rules }: DockerAuthImport, everybody: readonly Asker[]): readonly string[] {
  const patterns = [...new Set(rules.flatMap(({ fields: { name } }) => name ?? []))];
  const plain = patterns.filter((pattern) => !pattern.includes('${')).flatMap((pattern) => samplesOf(pattern));
  const filled = patterns
    .filter((pattern) => pattern.includes('${'))
    .flatMap((pattern) => everybody.flatMap((one) => samplesOf(fill(pattern, one))));
  const names = [...plain, 'a', 'a/b', 'a/b/c', 'catalog', ...filled];
  const valid = [...names, ...plain.flatMap(neighboursOf), ...filled.flatMap(neighboursOf)].filter(
    (name) => repositorySegments(name) !== undefined,
  );
  return [...new Set(valid)].slice(0, MAX.names);
}

function fill(pattern: string, { account, labels }: Asker): string {
  return pattern
    .replaceAll('${account}', () => account)
    .replaceAll(/\$\{labels:([^}]+)\}/g, (_, label: string) => labels.get(label)?.[0] ?? 'x')
    .replaceAll(/\$\{[^}]*\}/g, 'x');
}

function servicesFor({ services, rules }: DockerAuthImport): readonly string[] {
  const patterns = rules.flatMap(({ fields: { service } }) => service ?? []);
  const named = patterns.flatMap((pattern) => plainName(pattern) ?? samplesOf(pattern));
  return [...new Set([...services, ...named])].slice(0, MAX.services);
}

function addressesFor({ rules }: DockerAuthImport): readonly string[] {
  const own = rules.flatMap(({ ip }) => ip?.split('/')[0] ?? []);
  return [...new Set(['203.0.113.9', '2001:db8::9', ...own, ''])].slice(0, MAX.addresses);
}
