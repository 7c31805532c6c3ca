/** Checks that are data: requests of clients, forms of scopes, and hostile input. */
import { fail, pass, verdict } from '../check.ts';
import type { Check, Verdict } from '../check.ts';
import { basicHeader } from '../exchange/encode.ts';
import type { Answer } from '../exchange/send.ts';
import { fill, requireNeeds } from '../placeholders.ts';
import { basicOf } from '../secrets.ts';
import { objectOf, tokenOf, writeScope } from '../server.ts';
import type { Server } from '../server.ts';
import { allows, grantsOf, readToken } from '../tokens/token.ts';
import { hostileVectors, requestVectors, scopeVectors } from '../vectors.ts';
import type { HostileVector, RequestVector, ScopeVector, Step } from '../vectors.ts';
import { refreshTokenOf } from './refresh.ts';

export const clientChecks: readonly Check[] = requestVectors.map((vector) => ({
  ...statementOf('clients', vector),
  title: `${vector.client}: ${vector.title}`,
  needs: (server) => requireNeeds(vector.needs, server),
  run: (server) => runRequest(vector, server),
}));

export const scopeChecks: readonly Check[] = scopeVectors.map((vector) => ({
  ...statementOf('scopes', vector),
  needs: (server) => requireNeeds(vector.needs, server),
  run: (server) => runScopes(vector, server),
}));

export const hostileChecks: readonly Check[] = hostileVectors.map((vector) => ({
  ...statementOf('hostile', vector),
  phase: 'hostile',
  run: (server) => runHostile(vector, server),
}));

function statementOf(group: string, vector: RequestVector | ScopeVector | HostileVector): Omit<Check, 'run'> {
  const { id, level, title, source, breaks, after } = vector;
  return { id: `${group}.${id}`, level, title, source, breaks, ...(after === undefined ? {} : { after }) };
}

/** Takes the steps as the client does, and reads the answer as it does. */
async function runRequest(vector: RequestVector, server: Server): Promise<Verdict> {
  let answer: Answer | undefined;
  for (const step of vector.steps) {
    if (answer === undefined || step.on?.includes(answer.status) === true) answer = await take(step, vector, server);
  }
  if (answer === undefined) return fail('there is no step');
  if (answer.status !== 200) return fail(`the answer has status ${answer.status}`);
  const fields = objectOf(answer);
  const text = vector.reads.map((name) => fields[name]).find((field) => typeof field === 'string' && field !== '');
  if (typeof text !== 'string') return fail(`there is no token in ${vector.reads.join(' or ')}`);
  const token = readToken(text);
  if (typeof token === 'string') return fail(token);
  for (const template of vector.grants) {
    const [type = '', name = '', action = ''] = (await fill(template, server, 'none')).split(':');
    if (!allows(token, type, name, action)) return fail(`the token does not grant ${action} on ${name}`);
  }
  return pass();
}

async function take(step: Step, { encoding }: RequestVector, server: Server): Promise<Answer> {
  const form = step.form === undefined ? {} : { body: await fill(step.form, server, encoding) };
  return server.send({
    method: step.method,
    query: await fill(step.query ?? '', server, encoding),
    headers: { ...Object.fromEntries(step.headers ?? []), ...(await authorizationOf(step, server)) },
    ...form,
  });
}

async function authorizationOf({ authorization }: Step, server: Server): Promise<Readonly<Record<string, string>>> {
  switch (authorization) {
    case undefined:
      return {};
    case 'basic':
      return { Authorization: basicOf(server.user) };
    case 'basic-nothing':
      return { Authorization: basicHeader('', '') };
    case 'basic-refresh-token':
      return { Authorization: basicHeader('', await refreshTokenOf(server)) };
  }
}

/** Asks with the user's credentials, and compares what is granted with what is expected. */
async function runScopes(vector: ScopeVector, server: Server): Promise<Verdict> {
  const service = await fill('service={service}', server, 'go');
  const query = `${service}&${await fill(vector.query, server, 'go')}`;
  const token = tokenOf(await server.send({ query, headers: { Authorization: basicOf(server.user) } }));
  if (typeof token === 'string') return fail(token);
  const expected = new Map<string, readonly string[]>();
  for (const [name, actions] of Object.entries(vector.grants)) {
    if (actions.length > 0) expected.set(await fill(name, server, 'none'), actions);
  }
  const granted = grantsOf(token);
  const differences = [...new Set([...expected.keys(), ...granted.keys()])].flatMap((name) => {
    const have = [...(granted.get(name) ?? [])].toSorted().join(',');
    const want = [...(expected.get(name) ?? [])].toSorted().join(',');
    return have === want ? [] : [`${name} is granted ${have || 'nothing'}, expected ${want || 'nothing'}`];
  });
  return verdict(differences.length === 0, differences.join('; '));
}

/** Sends the input, and asks for a token afterwards: the server must go on serving. */
async function runHostile(vector: HostileVector, server: Server): Promise<Verdict> {
  const found =
    vector.bytes === undefined ? await sendHostile(vector, server) : await sendRaw(vector.bytes, vector, server);
  if (found !== undefined) return fail(found);
  const after = await server.get([['scope', writeScope(server)]], { login: server.user });
  return verdict(after.status === 200, `a request of the user afterwards is answered ${after.status}`);
}

async function sendHostile(vector: HostileVector, server: Server): Promise<string | undefined> {
  const answer = await server.send({
    method: vector.form === undefined ? 'GET' : 'POST',
    query: await fill(vector.query ?? '', server, 'go'),
    headers: {
      ...(vector.form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...Object.fromEntries(vector.headers ?? []),
      ...(vector.login ? { Authorization: basicOf(server.user) } : {}),
    },
    ...(vector.form === undefined ? {} : { body: await fill(vector.form, server, 'go') }),
  });
  return problemOf(vector, {
    status: answer.status,
    hasToken: typeof tokenOf(answer) !== 'string',
    text: answer.body,
    headers: answer.headers,
  });
}

async function sendRaw(bytes: string, vector: HostileVector, server: Server): Promise<string | undefined> {
  const { text, status, isSilent } = await server.sendBytes(await fill(bytes, server, 'none'));
  if (isSilent) return 'the server neither answers nor closes the connection in 5 seconds';
  const answers = text.match(/^HTTP\/1\.[01] \d{3}/gm)?.length ?? 0;
  if (answers > (vector.maxAnswers ?? answers)) return `there are ${answers} answers`;
  const [head = ''] = text.split('\r\n\r\n', 1);
  const fields = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(/: */, 2));
  const headers = Object.fromEntries(fields.map(([name = '', value = '']) => [name.toLowerCase(), value]));
  return problemOf(vector, { status, hasToken: /"(?:access_)?token" ?: ?"/.test(text), text, headers });
}

interface Seen {
  /** Undefined: the connection was closed. */
  readonly status: number | undefined;
  readonly hasToken: boolean;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

function problemOf(
  { refused, absentMarkup, absentHeader }: HostileVector,
  { status, hasToken, text, headers }: Seen,
): string | undefined {
  if (status !== undefined && status >= 500 && status !== 501 && status !== 505)
    return `the answer has status ${status}`;
  if (refused && hasToken) return 'the answer has a token';
  if (absentHeader !== undefined && absentHeader in headers) return `the answer has the header ${absentHeader}`;
  // Browsers show other types as text, and guess where there is none.
  const isPage = /^$|html|xml/i.test(headers['content-type'] ?? '');
  if (absentMarkup !== undefined && isPage && text.includes(absentMarkup)) {
    return `the page contains ${JSON.stringify(absentMarkup)}`;
  }
  return undefined;
}
