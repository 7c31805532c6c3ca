/** The callers for whom old and new decisions are compared. */
import { groupName } from '../../core/groups.ts';
import { ANONYMOUS, username } from '../../core/identity.ts';
import type { Caller } from '../../core/identity.ts';
import type { DockerAuthImport } from './index.ts';
import type { AclRequest } from './model.ts';
import { samplesOf } from './samples.ts';
import { groupsOf } from './users.ts';

/** A caller, in the form of docker_auth and in the form of the broker. */
export interface Asker {
  readonly account: string;
  readonly labels: AclRequest['labels'];
  readonly caller: Caller;
}

/** Anonymous where it is accepted, the static users, other users that rules name, and users with the labels that rules require. */
export function askersFor({ users, worlds, rules }: DockerAuthImport): readonly Asker[] {
  const known = users.users.map((user) => asker(user.name, user.labels, groupsOf(user)));
  const patterns = rules.flatMap(({ fields: { account } }) => account ?? []);
  const taken = new Set(users.users.map(({ name }) => name));
  const others = [...new Set([...patterns.flatMap((pattern) => samplesOf(pattern)), 'somebody'])]
    .filter((name) => name !== '' && !taken.has(name))
    .map((name) => asker(name, new Map(), []));
  const anonymous: Asker = { account: '', labels: new Map(), caller: ANONYMOUS };
  // docker_auth refuses a request without credentials before it reads a rule, and so does the broker.
  return [...(users.anonymous ? [anonymous] : []), ...known, ...others, ...withLabels({ worlds, rules })];
}

function asker(account: string, labels: AclRequest['labels'], groups: readonly string[]): Asker {
  return { account, labels, caller: callerOf(account, groups, new Map(), false) };
}

function callerOf(
  account: string,
  groups: readonly string[],
  attributes: ReadonlyMap<string, readonly string[]>,
  caseless: boolean,
): Caller {
  const identity = {
    username: username(account),
    groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
    backend: '',
    caseless,
    attributes,
  };
  return { kind: 'user', identity };
}

/** A user of a directory or provider for each value that a rule requires. */
function withLabels({ worlds, rules }: Pick<DockerAuthImport, 'worlds' | 'rules'>): readonly Asker[] {
  return worlds.flatMap((world) => {
    if (world.name === 'static') return [];
    return [...world.labels].flatMap(([label, { key, group, folded }]) => {
      const samples = rules.flatMap(({ labels }) => samplesOf(labels.get(label) ?? '[]'));
      return [...new Set([...samples, 'team'])].map((value, index) => {
        const delivered = folded === true ? value.toLowerCase() : value;
        const attributes = new Map(typeof key === 'string' && group === undefined ? [[key, [delivered]] as const] : []);
        const groups = group === undefined ? [] : [group(delivered)];
        const account = `${world.name}-${label.toLowerCase()}-${index + 1}`;
        return {
          account,
          labels: new Map([[label, [value]]]),
          caller: callerOf(account, groups, attributes, world.isCaseless),
        };
      });
    });
  });
}
