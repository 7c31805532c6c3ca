/** Makes the recent decisions of a broker again, by the policy in force and by another one. Runs on another thread. */
import type { Caller } from '../../core/identity.ts';
import { collectChanges } from '../../core/policy/diff/changes.ts';
import type { CollectedChanges } from '../../core/policy/diff/changes.ts';
import { createReplay } from '../../core/policy/diff/replay.ts';
import type { RecordedRequest } from '../../core/policy/diff/replay.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { RecentDecision } from '../../core/recent-decision.ts';
import { decodeRecent } from './recent-texts.ts';
import type { RecentTexts } from './recent-texts.ts';

export interface Replayed extends CollectedChanges {
  /** The number of decisions that were made again. */
  readonly compared: number;
  /** Of those: the number that were made by an earlier policy, with another result than the policy in force gives. */
  readonly outdated: number;
  /** The number of decisions that cannot be made again, because the caller is not recorded. */
  readonly withoutCaller: number;
  /** The number of scopes that are not recorded: of a request with many, only the first are. */
  readonly withoutScope: number;
}

/** The length of each list in the result. */
const MOST = 100;

export function replayRecent(recent: RecentTexts, before: Policy, after: Policy): Replayed {
  const changes = collectChanges();
  const replay = createReplay(before, after, changes.add);
  const named = [...new Set([...before.attributes, ...after.attributes])];
  let [withoutCaller, withoutScope] = [0, 0];
  for (const { decision, caller } of decodeRecent(recent)) {
    withoutScope += decision.unlisted;
    if (caller === undefined) withoutCaller += decision.scopes.length;
    else replay.add(requestOf(decision, withAttributes(caller, named)));
  }
  const { decisions: compared, disagreeing } = replay.result();
  return { ...changes.result(MOST), compared, outdated: disagreeing.decisions, withoutCaller, withoutScope };
}

function requestOf(decision: RecentDecision, caller: Caller): RecordedRequest {
  const { at, service, client, scopes, policyRevision = '' } = decision;
  return {
    time: new Date(at * 1000).toISOString(),
    situation: { caller, service, client, time: at },
    groupsMissing: 0,
    revision: policyRevision,
    decisions: scopes,
  };
}

/** The whole identity is recorded: an attribute that it lacks has no value in any decision. */
function withAttributes(caller: Caller, named: readonly string[]): Caller {
  if (caller.kind === 'anonymous') return caller;
  const { identity } = caller;
  const attributes = new Map(named.map((name) => [name, identity.attributes.get(name) ?? []]));
  return { ...caller, identity: { ...identity, attributes } };
}
