/** The list of backends. Schema, editor completion and checks follow from it. */
import { z } from 'zod';
import type { Authenticator } from '../core/ports.ts';
import type { BackendDeps, BackendModule, ConfigWarning } from './backend.ts';
import { http } from './http/index.ts';
import { ldap } from './ldap/index.ts';
import { oidcPassword } from './oidc-password/index.ts';
import { oidcSignIn } from './oidc-sign-in/index.ts';
import { oidcToken } from './oidc-token/index.ts';
import { staticFile } from './static-file/index.ts';
import type { BackendTraits } from './traits.ts';

export const backendModules = [staticFile, ldap, http, oidcPassword, oidcSignIn, oidcToken] as const;

type Modules = typeof backendModules;

/** The configuration of one backend; `type` selects the schema. */
export const backendConfig = z.discriminatedUnion('type', schemasOf(backendModules));

export type BackendConfig = z.output<Modules[number]['schema']>;

/** @throws Error that names the file when one of the backend's own files is bad. Reaches no network. */
export function createBackend(config: BackendConfig, deps: BackendDeps): Promise<Authenticator> {
  return moduleOf(config).create(config, deps);
}

export function traitsOf(config: BackendConfig): BackendTraits {
  return moduleOf(config).traits(config);
}

export function warningsOf(config: BackendConfig): readonly ConfigWarning[] {
  return moduleOf(config).warnings?.(config) ?? [];
}

function moduleOf(config: BackendConfig): BackendModule<string, z.ZodObject> {
  const found = backendModules.find(({ type }) => type === config.type);
  // INVARIANT: the schema has refused any other type.
  if (found === undefined) throw new Error(`no backend has the type ${config.type}`);
  return found;
}

function schemasOf<const Listed extends readonly { readonly schema: z.ZodObject }[]>(modules: Listed) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `map` loses the position of each schema
  return modules.map(({ schema }) => schema) as { -readonly [Index in keyof Listed]: Listed[Index]['schema'] };
}
