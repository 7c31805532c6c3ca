/** Personal tokens as operators make them and clients use them. */
import type { Broker } from './broker.ts';
import { claimsOf } from './broker.ts';
import { tokensCommand } from './refresh-tokens.ts';
import { noteSecret } from './secrets.ts';

export interface MadeToken {
  readonly token: string;
  readonly id: string;
}

/** `fairlead tokens create --for USER …`. @throws when no token is made */
export async function createToken(broker: Broker, user: string, ...options: readonly string[]): Promise<MadeToken> {
  const made = await tokensCommand(broker, 'create', '--for', user, ...options, '--format', 'json');
  if (made.code !== 0) throw new Error(made.stderr);
  const token = JSON.parse(made.stdout) as MadeToken;
  noteSecret(token.token);
  return token;
}

export interface TokenLogin {
  readonly status: number;
  /** The sentence that docker prints. */
  readonly message: string;
  /** What is granted, as `name:pull,push`. */
  readonly granted: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks for a registry token with a personal token as the password, as docker does. */
export async function logInWith(
  broker: Broker,
  token: string,
  service: string,
  scope = 'repository:web/a:pull,push',
  user = 'alice',
): Promise<TokenLogin> {
  const query = `service=${service}&scope=${scope}&offline_token=true&client_id=docker`;
  const { status, body } = await broker.token(query, { user, password: token });
  const [error] = (body['errors'] ?? []) as readonly { readonly message: string }[];
  const claims = status === 200 ? claimsOf(body['token']) : {};
  const access = (claims['access'] ?? []) as readonly { readonly name: string; readonly actions: readonly string[] }[];
  return {
    status,
    message: error?.message ?? '',
    granted: access.map(({ name, actions }) => `${name}:${actions.join(',')}`),
    body,
  };
}
