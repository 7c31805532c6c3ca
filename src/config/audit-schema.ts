/** `audit` of broker.yaml: where audit lines go, and what happens when they cannot be written. */
import { z } from 'zod';

export const audit = z
  .strictObject({
    file: z.string().min(1).optional().meta({
      description:
        'Path of a file for audit lines, made when it is missing and opened again on SIGHUP; without it, they are part of the log',
    }),
    onLoss: z.enum(['count', 'refuse']).default('count').meta({
      description:
        'When an audit line cannot be written: count reports how many were lost; refuse issues no token without its line',
    }),
  })
  .prefault({})
  .meta({ description: 'The audit trail: one line for each token that is issued or refused' });
