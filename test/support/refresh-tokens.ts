/** Refresh tokens as clients get and use them, and as operators see them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MAIN } from './broker.ts';
import type { Broker, Login } from './broker.ts';
import { run } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';

export interface FormAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The sentence that docker prints. */
  readonly message: string;
}

/** Posts a form to the token endpoint. */
export async function postForm(
  broker: Pick<Broker, 'url'>,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<FormAnswer> {
  const response = await fetch(`${broker.url}/token`, { method: 'POST', body: new URLSearchParams(form), headers });
  const body = (await response.json()) as FormAnswer['body'];
  const [error] = (body['errors'] ?? []) as readonly { readonly message: string }[];
  return { status: response.status, body, message: error?.message ?? '' };
}

/** Logs in as `docker login` does. @throws when no refresh token is given */
export async function offlineLogin(broker: Broker, service: string, login: Login): Promise<string> {
  const { body } = await broker.token(`service=${service}&offline_token=true&client_id=docker&account=x`, login);
  const token = body['refresh_token'];
  if (typeof token !== 'string') throw new Error(`no refresh token in ${JSON.stringify(body['errors'])}`);
  noteSecret(token);
  return token;
}

/** Uses one as docker does for a push. */
export function exchange(
  broker: Pick<Broker, 'url'>,
  service: string,
  token: string,
  scope = 'repository:web/a:pull,push',
): Promise<FormAnswer> {
  const form = { grant_type: 'refresh_token', refresh_token: token, service, scope, client_id: 'docker' };
  return postForm(broker, form);
}

/** What `fairlead tokens list` calls it. */
export function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}

/** `fairlead tokens …`, with a running broker or without one. */
export function tokensCommand({ folder }: Pick<Broker, 'folder'>, ...args: readonly string[]): Promise<Result> {
  return run(process.execPath, [MAIN, 'tokens', ...args, '--config', join(folder, 'broker.yaml')]);
}

/** Makes all of them as old as if so many seconds more had gone by. */
export function ageRefreshTokens(stateDir: string, seconds: number): void {
  const database = new DatabaseSync(join(stateDir, 'fairlead.db'), { timeout: 5000 });
  const older = (name: string): string => `'$.${name}', json_extract(value, '$.${name}') - ${seconds}`;
  const values = ['createdAt', 'usedAt', 'expiresAt'].map(older).join(', ');
  database.exec(`UPDATE entries SET value = json_set(value, ${values}), until = until - ${seconds}`);
  database.close();
}
