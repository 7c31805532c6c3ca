import { z } from 'zod';
import { backendFields, filePath } from '../fields.ts';

/** `type: static-file`: users from a users.yaml, or from files that Apache's `htpasswd` writes. */
export const staticFileConfig = z
  .strictObject({
    type: z.literal('static-file'),
    ...backendFields,
    file: filePath.optional().meta({ description: 'Path of a users.yaml; either this or htpasswd' }),
    htpasswd: filePath.optional().meta({
      description:
        'Path of a file written by htpasswd -B; either this or file. The hashes are bcrypt; other Apache hashes are refused as unsafe.',
    }),
    htgroup: filePath
      .optional()
      .meta({ description: 'Path of an Apache group file, with lines `group: user user`; only with htpasswd' }),
  })
  .superRefine(({ file, htpasswd, htgroup }, context) => {
    if ((file === undefined) === (htpasswd === undefined)) {
      context.addIssue({
        code: 'custom',
        message: `expected one of file and htpasswd, found ${file === undefined ? 'none' : 'both'}`,
      });
    }
    if (htgroup !== undefined && htpasswd === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['htgroup'],
        message: 'expected only with htpasswd: users.yaml has groups of its own',
      });
    }
  });

export type StaticFileConfig = z.output<typeof staticFileConfig>;
