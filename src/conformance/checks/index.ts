/** All checks. The order is that of the report. */
import type { Check } from '../check.ts';
import { anonymousChecks } from './anonymous.ts';
import { answerChecks } from './answers.ts';
import { claimChecks } from './claims.ts';
import { credentialChecks } from './credentials.ts';
import { errorChecks } from './errors.ts';
import { keyChecks } from './keys.ts';
import { postChecks } from './post.ts';
import { refreshChecks } from './refresh.ts';
import { timingChecks } from './timing.ts';
import { corsChecks, transportChecks } from './transport.ts';
import { clientChecks, hostileChecks, scopeChecks } from './vector-checks.ts';

export const CHECKS: readonly Check[] = [
  ...answerChecks,
  ...claimChecks,
  ...keyChecks,
  ...scopeChecks,
  ...credentialChecks,
  ...anonymousChecks,
  ...errorChecks,
  ...postChecks,
  ...refreshChecks,
  ...clientChecks,
  ...transportChecks,
  ...corsChecks,
  ...hostileChecks,
  ...timingChecks,
];
