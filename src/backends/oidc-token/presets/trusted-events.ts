import type { Guard } from './preset.ts';

/**
 * Events of GitHub and Forgejo that only people with write access cause. `pull_request_target`, `workflow_run` and
 * `issue_comment` are caused by anybody, and their tokens name the default branch as `ref`.
 */
export const TRUSTED_EVENTS = ['push', 'release', 'schedule', 'workflow_dispatch'] as const;

export const EVENT_GUARD: Guard = {
  claim: 'event_name',
  values: TRUSTED_EVENTS,
  admits: 'jobs that outsiders start (pull_request_target, issue_comment)',
  otherwise: 'outsiders may have started its job, so it has no group of a ref or environment',
};
