/**
 * The contract every backend folder fulfils: a type name, the schema of its configuration, and a factory. A new
 * backend is a folder and one line in `index.ts`; CONTRIBUTING.md has the recipe.
 *
 * The room `backends` may import core, zod and, folder by folder, the client library of that source; a backend never
 * imports another backend.
 */
import type { z } from 'zod';
import type { SecretSource } from '../core/identity.ts';
import type { Authenticator, Background, Clock, Log } from '../core/ports.ts';
import type { SecretRef } from './fields.ts';

/** What a backend is given. Nothing else of the world is reached for: no `process.env`, no module state. */
export interface BackendDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Turns a configured secret into one that is re-read when its file changes. */
  readonly secret: (ref: SecretRef) => SecretSource;
  /** Reads big files without keeping requests waiting; absent where nobody waits, as in commands. */
  readonly background?: Background;
}

export interface BackendModule<Type extends string, Schema extends z.ZodObject> {
  readonly type: Type;
  /** A strict object schema with the keys of `backendFields` and a literal `type`. */
  readonly schema: Schema;
  /**
   * Builds the backend. Reads its own files and throws an Error that names the file when one is bad; reaches no
   * network, so that a directory that is down never keeps the broker from starting.
   */
  create(config: z.output<Schema>, deps: BackendDeps): Promise<Authenticator>;
}

export function defineBackend<Type extends string, Schema extends z.ZodObject>(
  module: BackendModule<Type, Schema>,
): BackendModule<Type, Schema> {
  return module;
}
