/** Changes by one rule that few requests show, each in policies as small as they can be. */
import { expect, it } from 'vitest';
import { decide } from '../../../../../src/core/policy/decide.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import type { CompareOptions } from '../../../../../src/core/policy/diff/classes.ts';
import type { Evaluation } from '../../../../../src/core/policy/document.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

interface Case {
  /** As `allow pull users a*,b: x/* y except groups ops`; the last rule makes the change. */
  readonly rules: readonly string[];
  readonly evaluation?: Evaluation;
  readonly options?: CompareOptions;
}

const SHAPE =
  /^(allow|deny) (\S+) (?:(everyone)|(users|groups) (\S+)):(?: ([^ ]+(?: (?!except|services|clients)\S+)*))?(?: except (users|groups) (\S+))?(?: services (\S+))?(?: clients (\S+))?$/;

function ruleOf(text: string): RuleText {
  const [
    ,
    effect = '',
    actions = '',
    everyone,
    who = '',
    names = '',
    places = '',
    except,
    excepted = '',
    services,
    clients,
  ] = SHAPE.exec(text) ?? [];
  if (effect === '') throw new Error(`not a rule: ${text}`);
  const repositories = places.split(' ').filter((place) => place !== '' && place !== 'catalog');
  return {
    ...(everyone === undefined ? { [who]: names.split(',') } : { everyone: true }),
    repositories,
    catalog: places.includes('catalog'),
    [effect]: actions.split(','),
    ...(except === undefined ? {} : { except: { [except]: excepted.split(',') } }),
    ...(services === undefined ? {} : { services: services.split(',') }),
    ...(clients === undefined ? {} : { clients: clients.split(',') }),
  };
}

const CHANGES: readonly Case[] = [
  { rules: ['allow pull users *: {attr:team}'] },
  { rules: ['allow pull users {t}-bot: {t}', 'deny pull users ci-*: {attr:team}'] },
  { rules: ['allow pull users *: {user}/b-c', 'deny pull users *: */b-{user}'] },
  { rules: ['allow pull groups team-{t}: {t}/{user}', 'deny pull users *: web/ann'] },
  { rules: ['deny pull groups *: x', 'allow pull users *: x'] },
  { rules: ['allow push everyone: *a*/**/web', 'deny push groups team-{t}: *-a/{t}'] },
  { rules: ['deny pull groups *a*b*: {group}/**', 'allow pull users {t}: *{t}'] },
  { rules: ['allow pull users {x}ab: {user}-* services *e clients 10.1.0.0/16'] },
  { rules: ['allow pull groups {t}: {user}-*/{attr:team}'] },
  {
    rules: [
      'deny push groups team-{t}: a-*/{attr:team}-*/a-{attr:team}',
      'allow push groups team-*: {claim:org}-{claim:org}/a-*/{claim:org}-*',
    ],
  },
  { rules: ['deny pull everyone: x except groups a', 'allow pull everyone: x'] },
  { rules: ['deny pull groups *a*b*: {group}', 'allow pull users {t}: *{t}'] },
  { rules: ['allow push users *B*: {user}/{user}{user}'] },
  { rules: ['deny pull users {t}-bot: **/{user}-{t}', 'allow pull users ci-*: a-*/*a*'], evaluation: 'first-match' },
  {
    rules: ['deny pull users *: x except users a*,*b', 'deny pull users *: x except users c*', 'allow pull users *: x'],
  },
  { rules: ['allow pull groups W*: a', 'deny pull groups TEAM-*: {claim:org}'] },
];

it.each(CHANGES)('a comparison finds what the last rule of $rules changes', ({ rules, evaluation, options }) => {
  const texts = rules.map(ruleOf);
  const policies = [texts.slice(0, -1), texts].map((all) => policyOf(all, {}, evaluation));
  for (const [before, after] of [policies, policies.toReversed()]) {
    if (before === undefined || after === undefined) throw new Error('there are two policies');
    const { classes, complete } = compareByClasses(before, after, options);

    expect([classes.length > 0, complete]).toEqual([true, true]);
    for (const { example, actions } of classes) {
      const [old, next] = [before, after].map((policy) => decide(policy, example.situation, example.asked).granted);
      expect(actions.every((action) => old?.includes(action) !== next?.includes(action))).toBe(true);
    }
  }
});
