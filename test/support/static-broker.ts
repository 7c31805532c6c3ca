/** A broker with one person in a file, for tests of all but where people come from. */
import { hashPassword } from '../../src/backends/password-hash.ts';
import { claimsOf, startBroker } from './broker.ts';
import type { Broker, BrokerOptions, Files, Login } from './broker.ts';
import type { TcpStandIn } from './tcp-stand-in.ts';
import { TEAM_POLICY } from './user-sources.ts';

export const SERVICE = 'registry.example.com';
export const ASK_WEB = `service=${SERVICE}&scope=repository:web/a:pull,push`;
export const ASK_PUBLIC = `service=${SERVICE}&scope=repository:public/a:pull`;
/** She is in team-web. */
export const ALICE = { user: 'alice', password: 'pässword: with colon' } as const;
export const WRONG = { user: 'alice', password: 'wrong-password-55' } as const;

export const STATIC_CONFIG = {
  services: { [SERVICE]: { anonymous: 'allow' } },
  backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
  policy: 'policy.yaml',
} as const;

/** `users.yaml` with alice in it. */
export async function usersYaml(password: string = ALICE.password): Promise<string> {
  return JSON.stringify({ users: { alice: { password: await hashPassword(password), groups: ['team-web'] } } });
}

export async function startStaticBroker(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const files: Files = { 'users.yaml': await usersYaml(), 'policy.yaml': TEAM_POLICY, ...options.files };
  return startBroker({ config: STATIC_CONFIG, ...options, files });
}

/** What alice is granted of `ASK_WEB` now, as `pull,push`. */
export async function granted(broker: Broker, login: Login = ALICE): Promise<string> {
  const { body } = await broker.token(ASK_WEB, login);
  const [entry] = claimsOf(body['token'])['access'] as readonly { readonly actions: readonly string[] }[];
  return (entry?.actions ?? []).join();
}

/** A backend whose directory takes connections and never says a word. */
export function muteDirectory({ url }: TcpStandIn): Readonly<Record<string, unknown>> {
  return {
    name: 'corp',
    type: 'ldap',
    preset: 'openldap',
    urls: [url],
    tls: { mode: 'none' },
    users: { base: 'ou=people,dc=example,dc=org' },
  };
}
