/** The conditions that imported rules have, as they are written. This module is the only one here that names them. */
import { isRecord } from '../../config/schema-walk.ts';
import { whoOf } from '../../config/who-schema.ts';
import type { PlainRule } from '../../config/policy-task.ts';
import type { Who } from '../../core/policy/document.ts';
import type { MatchDraft } from '../rule-draft.ts';

export interface ImportedConditions {
  readonly except: Who | undefined;
  readonly services: readonly string[] | undefined;
  readonly clients: readonly string[] | undefined;
  readonly match: MatchDraft | undefined;
  /** The keys of all other conditions: a rule that has one is left as it is. */
  readonly others: readonly string[];
}

export function importedConditions({ conditions }: PlainRule): ImportedConditions {
  const { except, services, clients, match, ...others } = conditions;
  return {
    except: isRecord(except)
      ? whoOf({ users: texts(except['users']), groups: texts(except['groups']), everyone: except['everyone'] === true })
      : undefined,
    services: texts(services),
    clients: texts(clients),
    match: isRecord(match) ? match : undefined,
    others: Object.keys(others),
  };
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
}
