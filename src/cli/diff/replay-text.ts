/** The output of `fairlead diff --decisions`. */
import type { ChangedAccess, ReplayResult } from '../../core/policy/diff/replay.ts';
import type { LogCounts } from '../../platform/audit/recorded-decisions.ts';
import { plural } from '../plural.ts';
import { reasonLines } from './reason-text.ts';
import type { NamedPolicy } from './reason-text.ts';

/** The result of a log of the broker. */
export interface Replayed {
  readonly counts: LogCounts;
  readonly result: ReplayResult;
}

type Files = readonly [NamedPolicy, NamedPolicy];

export function replayLines({ counts, result }: Replayed, [before]: Files): readonly string[] {
  const { changed, disagreeing } = result;
  const subjects = new Set(changed.map((one) => JSON.stringify([one.user, one.backend, one.service]))).size;
  const read = `${plural(result.decisions, 'recorded decision')} of ${plural(counts.recorded, 'request')} decided again`;
  const others = counts.other === 0 ? '' : `, ${plural(counts.other, 'other line')} skipped`;
  return [
    read + others,
    ...(changed.length === 0 ? ['nobody’s recorded access changes'] : []),
    ...changed.flatMap(changedLines),
    ...(changed.length === 0 ? [] : [`the access of ${plural(subjects, 'subject')} changes`]),
    ...(result.unlisted === 0 ? [] : [`and ${plural(result.unlisted, 'decision')} more, which are not listed`]),
    ...(counts.unreadable === 0
      ? []
      : [`warning: ${plural(counts.unreadable, 'line')} cannot be read: cut off, too long, or of an older version`]),
    ...(result.withoutGroups === 0
      ? []
      : [
          `warning: ${plural(result.withoutGroups, 'decision')} cannot be judged: the user was in more groups than a line holds`,
        ]),
    ...(result.withoutLimits === 0
      ? []
      : [
          `warning: ${plural(result.withoutLimits, 'decision')} cannot be judged: the token had more limits than a line holds`,
        ]),
    ...(result.withoutAttributes === 0
      ? []
      : [
          `warning: ${plural(result.withoutAttributes, 'decision')} cannot be judged: a rule names an attribute that was not recorded`,
        ]),
    ...(result.withoutTime === 0
      ? []
      : [
          `warning: ${plural(result.withoutTime, 'decision')} cannot be judged: a rule depends on the time, which was not recorded`,
        ]),
    ...(disagreeing.decisions === 0
      ? []
      : [
          `warning: ${plural(disagreeing.decisions, 'recorded decision')} cannot come from ${before.file} (revision ${before.revision}): ` +
            `the log is of ${disagreeing.revisions.map((revision) => `revision ${revision}`).join(', ')}`,
          `  ${disagreeing.example}`,
        ]),
  ];
}

function changedLines(changed: ChangedAccess): readonly string[] {
  const { change, actions, resource, times, last } = changed;
  return [
    `${userOf(changed)} ${change === 'gained' ? 'gains' : 'loses'} ${actions.join(', ')} on ${resource} for the service ${changed.service}: ${plural(times, 'time')}, last ${last}`,
    ...reasonLines(changed),
  ];
}

function userOf({ user, backend }: ChangedAccess): string {
  return user === '' ? 'anonymous' : `${user} (${backend})`;
}

export function replayJson({ counts, result }: Replayed) {
  return { decisions: { ...counts, ...result } };
}
