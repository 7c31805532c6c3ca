/** Operations about the broker itself, its backends and its fleet. */
import { z } from 'zod';
import { name, time } from './fields.ts';
import type { Operation } from './operation.ts';

/** How far an end of cached answers or tokens has come among the brokers that share a store. */
export const reach = z
  .object({
    complete: z.boolean().meta({ description: 'Whether every broker has applied it' }),
    reached: z.array(z.string()).meta({ description: 'The other brokers that have applied it' }),
    missed: z.array(z.string()).meta({ description: 'The other brokers that did not answer within a second' }),
    problem: z.string().nullable().meta({ description: 'Why the shared store could not be asked' }),
  })
  .meta({ id: 'Reach' });

const upOrDown = z.enum(['up', 'down']);

const milliseconds = z.number().min(0);

const server = z
  .object({
    url: z.string(),
    state: z.enum(['up', 'down', 'unused']).meta({ description: 'By what its last requests found' }),
    since: time.nullable().meta({ description: 'Null: it was not asked yet' }),
    problem: z.string().nullable().meta({ description: 'Why it is down' }),
  })
  .meta({ id: 'BackendServer' });

const backend = z
  .object({
    name: z.string(),
    type: z.string().meta({ description: 'As `type` in the configuration' }),
    state: upOrDown,
    problem: z.string().nullable().meta({ description: 'Why it is down' }),
    since: time
      .nullable()
      .meta({ description: 'When a probe of this broker first found the state, which it has had since' }),
    probeMs: milliseconds.nullable().meta({ description: 'Milliseconds that the last probe took' }),
    logins: z
      .object({
        count: z.int().min(1).meta({ description: 'How many, at most 200' }),
        p50Ms: milliseconds.meta({ description: 'Milliseconds within which half of them were answered' }),
        p95Ms: milliseconds.meta({ description: 'Milliseconds within which 95 of 100 were answered' }),
        lastAt: time,
      })
      .nullable()
      .meta({ description: 'The last logins at this broker that the backend answered, and not the cache; null: none' }),
    lastFailure: z
      .object({ at: time, cause: z.string() })
      .nullable()
      .meta({ description: 'The last login at this broker that the backend did not answer; null: none' }),
    servers: z.array(server).meta({
      description: 'Of a directory: in the order in which logins try them; empty before the first request',
    }),
  })
  .meta({ id: 'Backend' });

const status = z
  .object({
    version: z.string(),
    startedAt: time,
    uptimeSeconds: z.int().min(0),
    readiness: z.enum(['ready', 'draining', 'unready']).meta({ description: 'As the status of `/readyz`' }),
    config: z.object({
      revision: z.string(),
      restartNeeded: z.boolean().meta({ description: 'Whether the file has changed since the start' }),
    }),
    policy: z.object({
      revision: z.string(),
      stale: z.boolean().meta({ description: 'Whether the file has become invalid since it was read' }),
    }),
    keys: z.object({ stale: z.boolean() }),
    audit: z.enum(['ok', 'failing', 'refusing']),
    records: upOrDown.nullable().meta({ description: 'The database of the records; null: there is none' }),
    shared: z
      .object({ state: upOrDown, brokers: z.int().min(0) })
      .nullable()
      .meta({ description: 'The store that brokers share; null: this broker shares nothing' }),
  })
  .meta({ id: 'Status' });

const broker = z
  .object({
    id: z.string(),
    name: z.string(),
    ageMs: z.number().min(0).meta({ description: 'Milliseconds since its last heartbeat' }),
    revisions: z.record(z.string(), z.string()).meta({
      description: 'What is in force there: `config`, `policy`, `keys`, and `users NAME` of each backend with files',
    }),
  })
  .meta({ id: 'Broker' });

export const brokerOperations = {
  getStatus: {
    method: 'GET',
    path: '/status',
    access: 'read',
    summary: 'What runs, and what is in force',
    answer: status,
  },
  listBackends: {
    method: 'GET',
    path: '/backends',
    access: 'read',
    summary: 'The backends in their order, with their state of the last second',
    answer: z.object({ backends: z.array(backend) }).meta({ id: 'BackendList' }),
  },
  probeBackend: {
    method: 'POST',
    path: '/backends/probe',
    access: 'read',
    summary: 'Asks one backend now whether it answers, without the credential of a user',
    body: z.strictObject({ backend: name }).meta({ id: 'ProbeRequest' }),
    answer: backend,
    problems: ['not-found'],
  },
  flush: {
    method: 'POST',
    path: '/flush',
    access: 'admin',
    summary: 'Flushes the login cache, the limits and the holds, at all brokers that share a store',
    body: z
      .strictObject({ backend: name.optional().meta({ description: 'Absent: of all backends' }) })
      .meta({ id: 'FlushRequest' }),
    answer: z
      .object({ backend: z.string().nullable().meta({ description: 'Null: of all backends' }), fleet: reach })
      .meta({ id: 'Flush' }),
    problems: ['not-found'],
  },
  listBrokers: {
    method: 'GET',
    path: '/brokers',
    access: 'read',
    summary: 'The brokers that share a store, as this one sees them',
    answer: z
      .object({
        name: z.string().meta({ description: 'The name of this broker' }),
        brokers: z.array(broker),
        unreadable: z.int().min(0).meta({ description: 'How many use the store with another fleet key' }),
      })
      .meta({ id: 'BrokerList' }),
    problems: ['not-configured', 'unavailable'],
  },
  listKeys: {
    method: 'GET',
    path: '/keys',
    access: 'read',
    summary: 'The signing keys, their states, and the trust files that contain them',
    answer: z
      .object({
        keys: z.array(
          z
            .object({
              id: z.string(),
              algorithm: z.string(),
              state: z.enum(['announced', 'signing', 'previous', 'retired', 'issuing', 'published']),
              since: z.string().nullable().meta({ description: 'Null: it was never rotated' }),
              certificateEnds: z.string().nullable().meta({ description: 'Null: it has no certificate' }),
              keyId: z.string().nullable().meta({ description: 'The libtrust key id' }),
              trustFiles: z.array(z.string()),
            })
            .meta({ id: 'Key' }),
        ),
      })
      .meta({ id: 'KeyList' }),
  },
} as const satisfies Readonly<Record<string, Operation>>;
