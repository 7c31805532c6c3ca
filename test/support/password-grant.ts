/** The password grant by hand, as one would ask for a token with curl. */

export interface GrantRequest {
  readonly issuer: string;
  /** A public client has no secret. */
  readonly client: { readonly id: string; readonly secret?: string };
  readonly person: { readonly username: string; readonly password: string };
  readonly scope: string;
}

export interface GrantAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks the token endpoint that the issuer names. */
export async function requestTokens({ issuer, client, person, scope }: GrantRequest): Promise<GrantAnswer> {
  const metadata = await bodyOf(await fetch(`${issuer}/.well-known/openid-configuration`, limits()));
  const response = await fetch(String(metadata['token_endpoint']), {
    ...limits(),
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: client.id,
      ...(client.secret === undefined ? {} : { client_secret: client.secret }),
      username: person.username,
      password: person.password,
      scope,
    }),
  });
  return { status: response.status, body: await bodyOf(response) };
}

export async function requestIdToken(request: GrantRequest): Promise<string> {
  const { status, body } = await requestTokens(request);
  if (typeof body['id_token'] === 'string') return body['id_token'];
  throw new Error(`expected an ID token, found ${status} ${JSON.stringify(body)}`);
}

/** @returns what it is refused with, as `400 invalid_grant: Invalid user credentials`. */
export async function refusal(request: GrantRequest): Promise<string> {
  const { status, body } = await requestTokens(request);
  const said = [body['error'], body['error_description']].filter((text) => text !== undefined).map(String);
  return `${status} ${said.join(': ')}`;
}

async function bodyOf(response: Response): Promise<GrantAnswer['body']> {
  const body: unknown = await response.json();
  return body as GrantAnswer['body'];
}

const limits = (): RequestInit => ({ signal: AbortSignal.timeout(10_000) });
