/** `records` of broker.yaml: where refresh tokens and personal tokens are stored. */
import { z } from 'zod';
import { duration, filePath } from '../backends/fields.ts';

const tls = z
  .strictObject({
    mode: z.enum(['verify', 'none']).default('verify').meta({
      description:
        '`verify`: the connection is encrypted, and the certificate and the name of the server are verified. `none`: without TLS, for a server or a pool on this machine only.',
    }),
    caFile: filePath.optional().meta({
      description:
        'Path of the certificates (PEM) of the only authorities trusted for this server. Read at start. Default: those that Node.js includes.',
    }),
    certFile: filePath.optional().meta({
      description: 'Path of the client certificate (PEM, with its chain) that the broker presents. Read at start.',
    }),
    keyFile: filePath
      .optional()
      .meta({ description: 'Path of the private key (PEM) of certFile. Required with `tls.certFile`.' }),
  })
  .superRefine(({ mode, caFile, certFile, keyFile }, context) => {
    const refuse = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    if ((certFile === undefined) !== (keyFile === undefined)) {
      refuse(certFile === undefined ? 'certFile' : 'keyFile', 'expected certFile and keyFile together');
    }
    if (mode === 'none' && (caFile ?? certFile) !== undefined) {
      refuse('mode', 'found none together with certificates, expected verify');
    }
  })
  .prefault({})
  .meta({ description: 'How the connection to the server is protected' });

const postgres = z
  .strictObject({
    urlFile: filePath.meta({
      description:
        'Path of a file with the URL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, for the broker only (`chmod 600`). It is read again when it changes. `?host=/PATH` names the folder of a socket.',
    }),
    tls,
    maxConnections: z.int().min(1).max(100).default(10).meta({
      description: 'The number of connections of this broker. The server needs that many for each broker.',
    }),
    timeout: duration({ min: 0.1, max: 5 }).prefault('500ms').meta({
      description:
        'How long one operation may take: a connection and all its statements. After that the request is answered with 503. Raise it where a commit waits for a distant standby.',
    }),
    synchronousCommit: z.enum(['on', 'remote_apply']).default('on').meta({
      description:
        'When a change counts as stored. `on`: it is on the disk of the primary, and of the standbys that `synchronous_standby_names` of the server lists. `remote_apply`: those standbys show it, too, for whoever reads them. Weaker settings are not offered.',
    }),
  })
  .meta({
    description:
      'A PostgreSQL database (13 or newer, tested with 15) that several brokers share. `fairlead records` prepares it.',
  });

export const records = z.strictObject({ postgres }).optional().meta({
  description:
    'Where refresh tokens and personal tokens are stored. Default: SQLite, in `fairlead.db` in `stateDir`, for one broker alone.',
});
