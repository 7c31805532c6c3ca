/**
 * Random policies of few words, so that their rules cover each other: most pairs of them decide the same, and where they do
 * not, the difference is in a corner. And random requests that are made of the words of the policies.
 */
import type { Random } from './random.ts';
import type { Asker, RuleText } from './policy-builder.ts';

export interface Vocabulary {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** How often a rule is for users, of 100. */
  readonly byUser: number;
  /** How often a rule has an exception, of 100. */
  readonly exceptions: number;
  /** Users that exceptions name; absent: the usual ones. */
  readonly exceptedUsers?: readonly string[];
  /** Whether values and stars stand inside segments. */
  readonly infix: boolean;
  /** Whether rules have services, clients and attributes. */
  readonly wide: boolean;
}

const PLAIN: Vocabulary = {
  users: ['ann', '*'],
  groups: ['team-{t}', 'team-web', 'team-*', '*'],
  byUser: 25,
  exceptions: 15,
  infix: false,
  wide: false,
};
const SEVERAL = ['{o}-{t}', '{t}-web', 'team-{t}', 'team-*', '{t}'];
const USERS = ['ci-{t}', 'ci-web', 'ci-*', '*', '{t}', '{t}-bot', 'ci-bot', '*-bot'];

/** By name. Those with `interleaved` divide a name in several ways. */
export const vocabularies: Readonly<Record<string, Vocabulary>> = {
  'one capture': PLAIN,
  'one capture, exceptions': { ...PLAIN, exceptions: 50 },
  'one capture inside segments': { ...PLAIN, infix: true },
  'several captures': { ...PLAIN, groups: SEVERAL },
  'several captures, exceptions': { ...PLAIN, groups: SEVERAL, exceptions: 50 },
  'interleaved captures inside segments': { ...PLAIN, groups: SEVERAL, infix: true },
  'captures in user names': { ...PLAIN, users: USERS, groups: ['team-{t}', 'team-web'], byUser: 75 },
  'captures in user names, exceptions': {
    ...PLAIN,
    users: USERS,
    groups: ['team-{t}', 'team-web'],
    byUser: 75,
    exceptions: 50,
  },
  'letters of either case': {
    ...PLAIN,
    users: ['ann', 'Ann', '{t}', '*'],
    groups: ['team-{t}', 'team-web', 'Team-{t}', 'team-*', 'Team-*', 'team-Web'],
  },
  'letters of either case in user names': {
    ...PLAIN,
    users: ['{t}', '{t}', 'A*', '*B', 'a*', 'ab', 'AB', 'Web', '*E*', '{t}B{s}', '*'],
    groups: ['{t}', 'W*', '*B', 'web', '{t}-A'],
    byUser: 75,
    exceptions: 25,
  },
  'services, clients and attributes': { ...PLAIN, exceptions: 30, wide: true },
  'services, clients and captures in user names': { ...PLAIN, users: USERS, byUser: 60, exceptions: 30, wide: true },
  robots: {
    ...PLAIN,
    users: ['robot:web', 'robot:*', 'robot:{t}', 'robot:{t}-a', '*', '*', '{t}', 'ro*', 'robot*', 'ann'],
    groups: ['team-{t}', '*'],
    byUser: 85,
    exceptions: 40,
    exceptedUsers: ['robot:*', 'robot:web', '*', 'ann', 'ro*'],
  },
  'everything together': {
    users: [...USERS, 'Ann'],
    groups: [...SEVERAL, 'team-Web'],
    byUser: 50,
    exceptions: 35,
    infix: false,
    wide: true,
  },
};

/** Two policies of which one is made of the other: a rule more, a rule less, or another rule in the place of one. */
export function policyPair(
  random: Random,
  vocabulary: Vocabulary,
): readonly [readonly RuleText[], readonly RuleText[]] {
  const rules = Array.from({ length: 2 + random.int(7) }, () => ruleOf(random, vocabulary));
  const more = [...rules, ruleOf(random, vocabulary)];
  switch (random.int(4)) {
    case 0:
      return [rules, more];
    case 1:
      return [more, rules];
    case 2:
      return [rules, rules.slice(1)];
    default:
      return [rules, rules.with(random.int(rules.length), ruleOf(random, vocabulary))];
  }
}

function ruleOf(random: Random, vocabulary: Vocabulary): RuleText {
  const { users, groups, byUser, exceptions, exceptedUsers = EXCEPTED_USERS, infix, wide } = vocabulary;
  const isByUser = random.int(100) < byUser;
  const isForEveryone = random.int(100) < 6;
  const name = pick(random, isByUser ? users : groups);
  const values = isForEveryone ? [] : [...name.matchAll(/\{\w+\}/g)].map(([capture]) => capture);
  const isForRobots = name.startsWith('robot:');
  // A robot has no {user}.
  if (!isForEveryone && random.int(100) < 15 && !isForRobots) values.push('{user}');
  if (!isForEveryone && !isByUser && random.int(100) < 10) values.push('{group}');
  if (!isForEveryone && wide && random.int(100) < 15) values.push('{attr:team}');
  const who = isForEveryone ? { everyone: true } : isByUser ? { users: [name] } : { groups: [name] };
  const segments = Array.from({ length: 1 + random.int(2) }, () => segmentOf(random, values, infix));
  return {
    ...who,
    repositories: [segments.join('/')],
    ...(wide && random.int(100) < 8 ? { catalog: true } : {}),
    ...(random.int(100) < 40 ? { deny: ['pull'] } : { allow: ['pull'] }),
    ...(random.int(100) < exceptions ? { except: exceptionOf(random, exceptedUsers) } : {}),
    ...(wide && random.int(100) < 15 ? { services: [pick(random, ['one', 'o*', '*e'])] } : {}),
    ...(wide && random.int(100) < 15 ? { clients: [pick(random, ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.1'])] } : {}),
  };
}

function segmentOf(random: Random, values: readonly string[], infix: boolean): string {
  const inside = infix ? values.flatMap((value) => [`${value}-*`, `a-${value}`]) : [];
  if (values.length > 0 && random.int(2) === 0) return pick(random, [...values, ...values, ...inside]);
  return pick(random, ['*', '**', 'web', 'web', '*', ...(infix ? ['a-*', '*-a'] : [])]);
}

const EXCEPTED_USERS = ['ann', 'ci-*', '*-bot', 'ci-web'];

function exceptionOf(random: Random, users: readonly string[]): Pick<RuleText, 'users' | 'groups'> {
  if (random.int(100) < 65) return { groups: [pick(random, ['team-web', 'team-*', 'ops', 'team-a'])] };
  return { users: [pick(random, users)] };
}

const WORDS = [
  'web',
  'a',
  'a-b',
  'q',
  'q-r',
  'team',
  'team-web',
  'web-web',
  'ann',
  'ci-q',
  'ci-bot',
  'q-bot',
  'k',
  'ab',
  'abe',
];
const CLIENTS = ['', '10.0.0.1', '10.1.0.1', '192.0.2.1', '192.0.2.2'];

export interface AimedRequest {
  readonly asker: Asker;
  readonly name: string;
}

/** Requests whose names fit the patterns of the rules, with words that other rules have. */
export function aimedRequests(random: Random, rules: readonly RuleText[], count: number): readonly AimedRequest[] {
  const names = (texts: readonly string[], more: readonly string[]): readonly string[] => [
    ...more,
    ...texts.flatMap((text) => Array.from({ length: 12 }, () => instance(random, text))).filter((one) => one !== ''),
  ];
  const except = rules.flatMap((rule) => (rule['except'] === undefined ? [] : [rule['except'] as RuleText]));
  const users = names(
    [...rules, ...except].flatMap((rule) => rule.users ?? []),
    ['somebody', ...WORDS],
  );
  const groups = names(
    [...rules, ...except].flatMap((rule) => rule.groups ?? []),
    ['other', ...WORDS],
  );
  const repositories = names(rules.flatMap((rule) => rule.repositories ?? []).map(spread), WORDS).map((name) =>
    name.toLowerCase(),
  );
  function spread(pattern: string): string {
    return pattern.replace(/\/?\*\*/, ['', '/*', '/*/*'][random.int(3)] ?? '');
  }
  return Array.from({ length: count }, () => {
    const name = pick(random, repositories);
    const own = random.int(3) === 0 ? pick(random, name.split('/')) : pick(random, users);
    const user = random.int(4) === 0 ? inMixedCase(random, own) : own;
    const asker: Asker = {
      ...(random.int(20) === 0 ? {} : { user: user === '' ? 'u' : user }),
      groups: Array.from({ length: random.int(4) }, () => pick(random, groups)).map((group) =>
        random.int(6) === 0 ? inMixedCase(random, group) : group,
      ),
      caseless: random.int(2) === 0,
      attributes: { 'attr:team': random.int(2) === 0 ? [pick(random, name.split('/'))] : [] },
      service: pick(random, ['svc', 'one', 'ox', 'xe']),
      client: pick(random, CLIENTS),
    };
    return { asker, name };
  });
}

/** The text with a word for each wildcard, sometimes in other letters, and sometimes nothing for `*`. */
function instance(random: Random, text: string): string {
  return text.replaceAll(/\*|\{[^{}]*\}/g, (token) => {
    if (token === '*' && random.int(5) === 0) return '';
    const word = pick(random, WORDS);
    return random.int(6) === 0 ? word.toUpperCase() : random.int(5) === 0 ? inMixedCase(random, word) : word;
  });
}

function inMixedCase(random: Random, text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => (random.int(2) === 0 ? letter.toLowerCase() : letter.toUpperCase()));
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.int(items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
