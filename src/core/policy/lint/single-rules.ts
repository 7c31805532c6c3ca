/** Findings about one rule, without the other rules. */
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { Finding } from './finding.ts';
import { emptyReason } from './empty-pattern.ts';
import { askersOf, isAnyUser } from '../asker.ts';
import { exceptionsOf, isException } from '../condition.ts';

export function singleRuleFindings({ rules, evaluation }: Policy): readonly Finding[] {
  const firstLines = new Map<string, number>();
  return rules.flatMap((rule) => {
    const first = firstLines.get(rule.name);
    if (first === undefined) firstLines.set(rule.name, rule.line);
    const own = [...findingsOf(rule, evaluation === 'union')];
    if (first === undefined) return own;
    const message = `has the name of the rule in line ${first}, so that explanations cannot distinguish them`;
    return [{ code: 'same-name', severity: 'warning', rule, message, cure: 'rename one of them' } as const, ...own];
  });
}

function* findingsOf(rule: Rule, isUnion: boolean): Generator<Finding> {
  const { conditions, effect, actions } = rule;
  if (exceptionsOf(conditions).some(({ kind }) => kind === 'everyone')) {
    const message = 'never applies, because it excepts everyone';
    yield { code: 'never-applies', severity: 'warning', rule, message, cure: 'narrow the exception' };
  }
  if (
    effect === 'allow' &&
    actions.includes('push') &&
    !actions.includes('pull') &&
    !actions.includes('*') &&
    isUnion
  ) {
    const message = 'allows push without pull, but registries ask for both when an image is pushed';
    yield { code: 'push-without-pull', severity: 'warning', rule, message, cure: 'allow pull too' };
  }
  yield* emptyPatterns(rule);
  if (effect === 'allow') yield* tooWide(rule);
}

function* emptyPatterns(rule: Rule): Generator<Finding> {
  for (const pattern of rule.repositories) {
    const reason = emptyReason(pattern);
    if (reason === undefined) continue;
    const message = `matches no repository with "${pattern.text}": ${reason}`;
    yield { code: 'matches-no-repository', severity: 'warning', rule, message, cure: 'correct the pattern' };
  }
}

/** Rules for nearly every caller and nearly every repository. Any condition but an exception narrows a rule enough. */
function* tooWide(rule: Rule): Generator<Finding> {
  if (!rule.conditions.every(isException)) return;
  const askers = askersOf(rule.who);
  const isForAll = askers.some(({ kind }) => kind === 'everyone');
  const isForUsers = askers.some(isAnyUser);
  const isEverywhere = rule.repositories.some(({ segments }) =>
    segments.every(({ key }) => key === '**' || key === '*'),
  );
  const writes = rule.actions.filter((action) => action !== 'pull');
  if (isForAll && writes.length > 0) {
    const message = `lets anybody without a login ${writes.join(', ')}`;
    yield { code: 'wide-write', severity: 'warning', rule, message, cure: 'name users or groups instead of everyone' };
  } else if (isForUsers && isEverywhere && writes.length > 0) {
    const message = `lets every user ${writes.join(', ')} in every repository`;
    yield { code: 'wide-write', severity: 'warning', rule, message, cure: 'name who may, or narrow the repositories' };
  } else if (isForAll && isEverywhere) {
    const message = 'lets anybody without a login pull every repository';
    yield { code: 'wide-read', severity: 'hint', rule, message, cure: 'narrow the repositories, if that is not meant' };
  }
  if (isForAll && rule.catalog) {
    const message = 'lets anybody without a login list the names of all repositories';
    yield { code: 'open-catalog', severity: 'hint', rule, message, cure: 'leave out catalog, if that is not meant' };
  }
}
