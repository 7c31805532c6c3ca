/** Accounts at Entra ID, by Microsoft Graph: whether they are enabled, and their groups. */
import { BrokerError } from '../../../core/errors.ts';
import { attributesOf } from '../../oidc/attributes.ts';
import { objectId } from '../../oidc/client/graph.ts';
import type { Graph } from '../../oidc/client/graph.ts';
import { groupsFrom } from '../../oidc/client/identity.ts';
import type { ClaimRules } from '../../oidc/client/identity.ts';
import type { AccountDirectory } from './looked-up.ts';

export function graphDirectory(graph: Graph, rules: ClaimRules): AccountDirectory {
  return {
    idOf: (claims) => {
      const id = claims.map(objectId).find((found) => found !== undefined);
      if (id !== undefined) return id;
      throw new BrokerError(
        'backend_unavailable',
        'the ID token has no claim oid by which Microsoft Graph finds a user',
      );
    },
    find: async (session, id, last) => {
      const account = await graph.accountOf(session, id);
      if (account === undefined) return { kind: 'missing' };
      if (!account.isEnabled) return { kind: 'disabled' };
      const groups = groupsFrom([account.groups], rules);
      const attributes = new Map([...last.attributes].filter(([name]) => name !== 'claim:groups'));
      for (const [name, values] of attributesOf([account.groups])) attributes.set(name, values);
      return { kind: 'found', identity: { ...last, groups, attributes }, name: account.name };
    },
  };
}
