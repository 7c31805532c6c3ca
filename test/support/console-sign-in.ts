/** Signing in at the console of a broker with the form, and using the session, without a browser. */
import type { Broker, Login } from './broker.ts';
import { noteSecret } from './secrets.ts';

/** The page that the tests open. */
const PAGE = '/console/sign-ins';

export interface SignIn {
  readonly status: number;
  /** `name=value`; empty when there is no session. */
  readonly cookie: string;
}

/** Sends the form, and does not open the page that comes after it. */
export async function signIn(
  broker: Pick<Broker, 'url' | 'port'>,
  { user, password }: Login,
  headers: Readonly<Record<string, string>> = {},
): Promise<SignIn> {
  noteSecret(password, user);
  const response = await post(broker, '/sign-in', { username: user, password }, headers);
  const [cookie = ''] = (response.headers.getSetCookie()[0] ?? '').split(';');
  noteSecret(cookie.slice(cookie.indexOf('=') + 1));
  return { status: response.status, cookie };
}

export async function signOut(broker: Pick<Broker, 'url' | 'port'>, cookie: string): Promise<void> {
  await post(broker, '/sign-out', {}, { cookie });
}

/** Whether the cookie is that of a session. Without one, the answer is a redirect to the sign-in. */
export async function isSignedIn(broker: Pick<Broker, 'url'>, cookie: string): Promise<boolean> {
  const { status } = await fetch(`${broker.url}${PAGE}`, { headers: { cookie }, redirect: 'manual' });
  if (status !== 200 && status !== 303) throw new Error(`${PAGE} is answered with ${status}`);
  return status === 200;
}

function post(
  { url, port }: Pick<Broker, 'url' | 'port'>,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', origin: `http://localhost:${port}`, ...headers },
    body: new URLSearchParams(fields),
  });
}
