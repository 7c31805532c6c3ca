/**
 * The contract of every backend folder: a type name, the schema of its configuration, its traits, and a factory. A new
 * backend is a folder and one line in `index.ts`; CONTRIBUTING.md has the recipe.
 *
 * A backend may import core, zod, the client library of its source and what backends share (the files and folders
 * next to it that are no backend). It never imports another backend.
 */
import type { z } from 'zod';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import type { SecretSource } from '../core/identity.ts';
import type { Sealing } from '../core/sign-in.ts';
import type { Authenticator, Background, Clock, Log } from '../core/ports.ts';
import type { SecretRef } from './fields.ts';
import type { BackendTraits } from './traits.ts';

/** Everything a backend gets from outside. It uses no `process.env` and no module state. */
export interface BackendDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Turns a configured secret into one that is re-read when its file changes. */
  readonly secret: (ref: SecretRef) => SecretSource;
  /**
   * A digest of a secret that stays the same over restarts and from which the secret cannot be guessed; absent
   * where nothing is stored: in commands, and without refresh tokens.
   */
  readonly markSecret?: (text: string) => Promise<string>;
  /** Accounts as of their last sign-in with a browser; absent where nothing is stored: in commands, and without a console. */
  readonly accounts?: SignedInAccounts;
  /** Seals tokens of a provider that are stored with those accounts; absent where `accounts` is. */
  readonly sealing?: Sealing;
  /** Reads large files off the event loop; absent in commands, where no request waits. */
  readonly background?: Background;
}

/** What works and is probably not meant. */
export interface ConfigWarning {
  /** The place in the configuration of the backend. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface BackendModule<Type extends string, Schema extends z.ZodObject> {
  readonly type: Type;
  /** A strict object schema with a literal `type` and the keys of `backendFields`. */
  readonly schema: Schema;
  /** What is known without opening the backend. Reads no file and reaches no network. */
  traits(config: z.output<Schema>): BackendTraits;
  /** Parts of its reference pages that are written from data, in Markdown, by their names. */
  readonly pages?: Readonly<Record<string, () => string>>;
  /** What deserves a warning in a configuration that is accepted. */
  warnings?(config: z.output<Schema>): readonly ConfigWarning[];
  /**
   * Builds the backend. Reads its own files and throws an Error that names the file when one is bad. Reaches no
   * network: the broker starts while a source is down.
   */
  create(config: z.output<Schema>, deps: BackendDeps): Promise<Authenticator>;
}

export function defineBackend<Type extends string, Schema extends z.ZodObject>(
  module: BackendModule<Type, Schema>,
): BackendModule<Type, Schema> {
  return module;
}
