/** The server under test, as checks see it: what it is described to be, and how to ask it. */
import { randomUUID } from 'node:crypto';
import { isObject } from '../core/is-object.ts';
import { Secret } from '../core/identity.ts';
import { NotDescribed } from './check.ts';
import type { Description, User } from './description/load.ts';
import { queryText } from './exchange/encode.ts';
import { send } from './exchange/send.ts';
import type { Answer, Sent } from './exchange/send.ts';
import { sendBytes } from './exchange/send-bytes.ts';
import type { Reaction } from './exchange/send-bytes.ts';
import type { Pace } from './pace.ts';
import { basicOf } from './secrets.ts';
import type { Login } from './secrets.ts';
import { readToken } from './tokens/token.ts';
import type { Token } from './tokens/token.ts';

export type Parameters = readonly (readonly [name: string, value: string])[];

interface AskOptions {
  /** Absent: no credentials. */
  readonly login?: Login;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly url: URL;
  readonly description: Description;
  /** The user who logs in. */
  readonly user: User;
  /** The user for whom wrong passwords are tried. */
  readonly guessed: User;
  readonly repositories: Repositories;
  /** Asks for a token by GET. `service` is added unless the parameters have one. */
  get(parameters: Parameters, options?: AskOptions): Promise<Answer>;
  /** Asks for a token by POST with a form. `service` and `client_id` are added unless the parameters have them. */
  post(parameters: Parameters, options?: AskOptions): Promise<Answer>;
  /** Asks for a token of the user several times at once, whatever the limit on requests at the same time. */
  burst(count: number, parameters: Parameters): Promise<readonly Answer[]>;
  /** Sends a request whose target is the path of the URL, followed by a query that is sent as it is. */
  send(sent: Partial<Sent> & { readonly query?: string }): Promise<Answer>;
  sendBytes(bytes: string): Promise<Reaction>;
  /** Asks once, however many checks need the answer. */
  once(key: string, ask: () => Promise<Answer>): Promise<Answer>;
  /** The answer to the user's request to pull and push the writable repository. */
  answer(): Promise<Answer>;
  /** The token of that answer. @throws NotDescribed when there is none */
  token(): Promise<Token>;
}

/** Repositories by what the user may do with them. @throws NotDescribed where the server file has none */
interface Repositories {
  /** Pull and push. */
  readonly writable: string;
  /** Another one with pull and push. */
  second(): string;
  /** Pull only. */
  readable(): string;
  /** Nothing. */
  denied(): string;
  /** Anonymous callers may pull. */
  anonymous(): string;
}

const REACTION_TIMEOUT_MS = 5000;

/** A password that no account has. It is always the same, because servers that cache refusals count it once. */
export const WRONG = new Secret('conformance-suite-wrong-password');

/** A name that no account has, another one each time. */
export const unknownName = (): string => `conformance-${randomUUID().slice(0, 13)}`;

export function createServer(url: URL, description: Description, pace: Pace): Server {
  const [user, ...others] = description.users;
  const answers = new Map<string, Promise<Answer>>();
  const tls = description.ca === undefined ? {} : { ca: description.ca };
  const withDefaults = (parameters: Parameters, defaults: Parameters): Parameters => [
    ...parameters,
    ...defaults.filter(([name]) => !parameters.some(([given]) => given === name)),
  ];
  const getOf = (parameters: Parameters, { login, headers = {} }: AskOptions = {}): Sent => ({
    method: 'GET',
    target: targetOf(url, queryText(withDefaults(parameters, [['service', description.service]]))),
    headers: { ...authorization(login), ...headers },
  });
  const ask = (sent: Sent): Promise<Answer> => pace.take(() => send(url, sent, tls));

  const server: Server = {
    url,
    description,
    user,
    guessed: others.at(-1) ?? user,
    repositories: repositoriesOf(description),
    get: (parameters, options) => ask(getOf(parameters, options)),
    post: (parameters, { login, headers = {} } = {}) =>
      ask({
        method: 'POST',
        target: targetOf(url, ''),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...authorization(login), ...headers },
        body: queryText(
          withDefaults(parameters, [
            ['service', description.service],
            ['client_id', 'conformance'],
          ]),
        ),
      }),
    burst: (count, parameters) =>
      pace.take(() =>
        Promise.all(Array.from({ length: count }, () => send(url, getOf(parameters, { login: user }), tls))),
      ),
    send: ({ method = 'GET', query = '', target = targetOf(url, query), headers = {}, ...body }) =>
      ask({ method, target, headers, ...body }),
    sendBytes: (bytes) => pace.take(() => sendBytes(url, bytes, tls, REACTION_TIMEOUT_MS)),
    once: (key, asks) => {
      const known = answers.get(key) ?? asks();
      answers.set(key, known);
      return known;
    },
    answer: () => server.once('answer', () => server.get([['scope', writeScope(server)]], { login: user })),
    token: async () => {
      const token = tokenOf(await server.answer());
      if (typeof token === 'string') throw new NotDescribed(token);
      return token;
    },
  };
  return server;
}

function authorization(login: Login | undefined): Readonly<Record<string, string>> {
  return login === undefined ? {} : { Authorization: basicOf(login) };
}

function targetOf({ pathname, search }: URL, query: string): string {
  if (query === '') return `${pathname}${search}`;
  return `${pathname}${search === '' ? '?' : `${search}&`}${query}`;
}

/** The scope to pull and push the writable repository. */
export function writeScope({ repositories }: Pick<Server, 'repositories'>): string {
  return `repository:${repositories.writable}:pull,push`;
}

function repositoriesOf({ users: [{ rights }], anonymous }: Description): Repositories {
  const named = (matches: (actions: readonly string[]) => boolean): readonly string[] =>
    [...rights].flatMap(([name, actions]) => (matches(actions) ? [name] : []));
  const writable = named((actions) => actions.includes('pull') && actions.includes('push'));
  const find = (name: string | undefined, what: string): string => {
    if (name === undefined) throw new NotDescribed(`the server file has no ${what}`);
    return name;
  };
  return {
    writable: writable[0] ?? '',
    second: () => find(writable[1], 'second repository with pull and push'),
    readable: () =>
      find(
        named((actions) => actions.includes('pull') && !actions.includes('push') && !actions.includes('*'))[0],
        'repository with pull and without push',
      ),
    denied: () => find(named((actions) => actions.length === 0)[0], 'repository without rights (name: [])'),
    anonymous: () =>
      find(
        [...(anonymous ?? [])].find(([, actions]) => actions.includes('pull'))?.[0],
        'repository that may be pulled without credentials',
      ),
  };
}

/** @returns a sentence when the answer has no token */
export function tokenOf({ status, json }: Answer): Token | string {
  if (status !== 200) return `the answer has status ${status}, expected 200`;
  if (!isObject(json)) return 'the answer is not a JSON object';
  const text = [json['token'], json['access_token']].find((field) => typeof field === 'string' && field !== '');
  return typeof text === 'string' ? readToken(text) : 'the answer has neither token nor access_token';
}

/** The JSON object of an answer; empty when it is none. */
export function objectOf({ json }: Answer): Readonly<Record<string, unknown>> {
  return isObject(json) ? json : {};
}
