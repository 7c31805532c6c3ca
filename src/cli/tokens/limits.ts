/** The limits of a token, as options write them. */
import { isAction } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { parseStoredLimits } from '../../core/token-limits.ts';
import type { StoredLimit } from '../../core/token-limits.ts';
import { UsageError } from '../command.ts';

const LIMIT = 'SERVICE PATTERN[,PATTERN] ACTION[,ACTION], such as "registry.example.com web/** pull,push"';

export function parseLimit(text: string): StoredLimit {
  const [service, repositories, actions, ...rest] = text.trim().split(/\s+/);
  if (service === undefined || repositories === undefined || actions === undefined || rest.length > 0) {
    throw new UsageError(`--limit "${text}": expected ${LIMIT}`);
  }
  return {
    service,
    repositories: repositories.split(','),
    actions: actions.split(',').map((action) => actionOf(action, text)),
  };
}

function actionOf(action: string, text: string): Action {
  if (isAction(action)) return action;
  throw new UsageError(`--limit "${text}": expected pull, push, delete or *, found "${action}"`);
}

/**
 * @param services the configured services
 * @throws UsageError when a limit is not valid, or is for a service that is not configured
 */
export function writtenLimits(texts: readonly string[], services: readonly string[]): readonly StoredLimit[] {
  const limits = texts.map(parseLimit);
  const parsed = parseStoredLimits(limits);
  if (typeof parsed === 'string') throw new UsageError(`--limit: ${parsed}`);
  const unknown = limits.find(({ service }) => !services.includes(service));
  if (unknown === undefined) return limits;
  throw new UsageError(`the service "${unknown.service}" is not configured; expected one of ${services.join(', ')}`);
}
