/** Makes an example as small as it can be: without a group or a segment it is no example. */
import type { Action } from '../../access.ts';
import { foldCase } from '../../fold-case.ts';
import { username } from '../../identity.ts';
import type { Caller } from '../../identity.ts';
import { memberOf } from './groups.ts';
import type { Question, Request } from './search.ts';
import type { Words } from './words.ts';

type Test = Pick<Question, 'isExample'>;

export function smallest(request: Request, action: Action, question: Test, words: Words): Request {
  const isExample = (one: Request): boolean => question.isExample(one, action);
  let found = withShortWords(inLowerCase(request, isExample), isExample, words);
  for (let smaller = without(found, isExample); smaller !== undefined; smaller = without(found, isExample))
    found = smaller;
  return withShortWords(found, isExample, words);
}

/** The request without one of its groups or segments, if it is an example then. */
function without(request: Request, isExample: (one: Request) => boolean): Request | undefined {
  return [...withoutOne(request)].find(isExample);
}

function* withoutOne({ situation, asked }: Request): Generator<Request> {
  const { caller } = situation;
  if (caller.kind === 'user') {
    const groups = [...caller.identity.groups];
    for (const group of groups.toReversed()) {
      const others = groups.filter((one) => one !== group);
      yield { situation: { ...situation, caller: memberOf(caller, others) }, asked };
    }
  }
  if (asked.type !== 'repository') return;
  const segments = asked.name.split('/');
  if (segments.length === 1) return;
  for (const index of segments.keys()) {
    yield { situation, asked: { ...asked, name: segments.toSpliced(index, 1).join('/') } };
  }
}

/** The request with each name in lower case that need not be written otherwise. */
function inLowerCase(request: Request, isExample: (one: Request) => boolean): Request {
  const { situation, asked } = request;
  const { caller } = situation;
  if (caller.kind === 'anonymous') return request;
  let found = request;
  for (const name of [caller.identity.username, ...caller.identity.groups]) {
    const change = (text: string): string => (text === name ? foldCase(text) : text);
    const other = { asked, situation: { ...situation, caller: renamedCaller(found.situation.caller, change) } };
    if (isExample(other)) found = other;
  }
  return found;
}

/** The same request with the shortest words, in the order in which they appear. */
function withShortWords(request: Request, isExample: (one: Request) => boolean, words: Words): Request {
  const used = words.used(textOf(request));
  const renamed = new Map(used.map((word, index) => [word, words.at(index)]));
  const rename = (text: string): string => words.replace(text, renamed);
  const { situation, asked } = request;
  const shorter = {
    situation: { ...situation, caller: renamedCaller(situation.caller, rename) },
    asked: asked.type === 'repository' ? { ...asked, name: rename(asked.name) } : asked,
  };
  return isExample(shorter) ? shorter : request;
}

function renamedCaller(caller: Caller, rename: (text: string) => string): Caller {
  if (caller.kind === 'anonymous') return caller;
  const { identity } = caller;
  const attributes = [...identity.attributes].map(([name, values]) => [name, values.map(rename)] as const);
  const named = { ...identity, username: username(rename(identity.username)), attributes: new Map(attributes) };
  return memberOf({ ...caller, identity: named }, [...identity.groups].map(rename));
}

function textOf({ situation: { caller }, asked }: Request): string {
  if (caller.kind === 'anonymous') return asked.name;
  const { username: name, groups, attributes } = caller.identity;
  return [name, ...groups, ...[...attributes.values()].flat(), asked.name].join('\n');
}
