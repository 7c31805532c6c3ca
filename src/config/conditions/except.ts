/** `except: { users: [bob] }`: the callers a rule is not for, although its who matches them. */
import { z } from 'zod';
import { askersCover, askersOf } from '../../core/policy/asker.ts';
import type { Asker } from '../../core/policy/asker.ts';
import { bindingsFor } from '../../core/policy/bindings.ts';
import { defineCondition } from '../../core/policy/condition.ts';
import type { Condition } from '../../core/policy/condition.ts';
import { compileWho } from '../../core/policy/who.ts';
import type { CompiledWho } from '../../core/policy/who.ts';
import { whoText } from '../../core/policy/who-text.ts';
import { namesSomebody, NOBODY_NAMED, whoKeys, whoOf } from '../who-schema.ts';
import { reportSentence } from './kind.ts';
import type { ConditionKind } from './kind.ts';

const make = defineCondition<CompiledWho>({
  kind: 'except',
  text: (who) => JSON.stringify(askersOf(who).map(askerText).toSorted()),
  holds: (who, { caller }) => bindingsFor(who, caller).length === 0,
  // Whoever is excepted by the wide condition must be excepted by the narrow one.
  covers: (wide, narrow) => askersCover(askersOf(narrow), askersOf(wide)),
  // Somebody may always be in neither list.
  meets: () => true,
  attributes: () => [],
  samples: (who) => ({ exceptions: askersOf(who) }),
  phrases: (who) => ({
    values: textsOf(who),
    nearMiss: 'excepts',
    because: 'excepted',
    requirement: `asked by none of ${textsOf(who).join(', ')}`,
    scope: undefined,
  }),
});

function textsOf(who: CompiledWho): readonly string[] {
  return askersOf(who).map((asker) => whoText(asker, 'sentence'));
}

function askerText(asker: Asker): string {
  return asker.kind === 'everyone' ? 'everyone' : `${asker.kind} ${asker.pair.exact.text} ${asker.pair.folded.text}`;
}

export const except: ConditionKind = {
  key: 'except',
  description: 'Exceptions: who is excluded, although the rule matches. No captures.',
  schema: z
    .strictObject(whoKeys)
    .refine(namesSomebody, { error: NOBODY_NAMED })
    .transform((written, context): Condition => {
      const who = compileWho(whoOf(written), (path, message) => reportSentence(context, path, message));
      for (const list of ['users', 'groups'] as const) {
        for (const [at, { exact }] of who[list].entries()) {
          // An exception does not narrow anything by the values of captures, so a capture here is a misunderstanding.
          if (exact.captures.length === 0) continue;
          const message = `"${exact.text}" captures a value, which an exception cannot use; write * instead`;
          reportSentence(context, [list, at], message);
        }
      }
      return make(who);
    }),
  evaluation: 'any',
  examples: [{ users: ['bob'] }, { users: ['*'] }, { groups: ['team-*'] }, { users: ['a*'], groups: ['admins'] }],
};
