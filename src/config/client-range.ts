/** The schema of a range of client addresses: one address, or a network as CIDR. */
import { z } from 'zod';
import { parseClientRange } from '../core/client-range.ts';
import type { ClientRange } from '../core/policy/document.ts';

export const clientRange = z.string().transform((text, context): ClientRange => {
  const range = parseClientRange(text);
  if (typeof range !== 'string') return range;
  context.addIssue({ code: 'custom', message: range, input: text });
  return z.NEVER;
});
