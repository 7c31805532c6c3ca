/** Faults in the exhaustive search of policies, and in what is built on it. */
import type { Fault } from './fault.ts';

const HIDDEN = 'test/unit/core/policy/diff/hidden-changes.test.ts';
const SEARCH = 'test/unit/core/policy/exact/search.test.ts';
const SPELLINGS = 'test/unit/core/policy/exact/spellings.test.ts';
const INVARIANTS = 'test/unit/core/policy/invariants.test.ts';
const WHO_CAN = 'test/unit/core/policy/who-can-hidden.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'exact-1',
    effect: 'diff says "no decision changes" for a group name that two patterns divide differently',
    file: 'src/core/policy/exact/world.ts',
    find: 'separators: separatorsOf(dividersOf(rules)),',
    replace: 'separators: separatorsOf([]),',
    tests: [HIDDEN],
  },
  {
    id: 'exact-2',
    effect: 'diff says "no decision changes" for group names that differ in case',
    file: 'src/core/policy/exact/callers.ts',
    find: "return form === 'folded' ? literal(value) : inAnyCase(value);",
    replace: 'return literal(form === "exact" ? value : value.toLowerCase());',
    tests: [HIDDEN],
  },
  {
    id: 'exact-3',
    effect: 'diff says "no decision changes" for a user whose name a capture does not match, and a star does',
    file: 'src/core/policy/exact/fills.ts',
    find: "if (empty.has(star)) return '';",
    replace: 'if (empty.has(star)) return words.at(first);',
    tests: [HIDDEN],
  },
  {
    id: 'exact-4',
    effect: 'diff and who-can miss a user who fits the exceptions of several rules',
    file: 'src/core/policy/exact/search.ts',
    find: 'for (const rule of found.blocking) blocking.add(rule);',
    replace: 'for (const rule of found.blocking.slice(0, 0)) blocking.add(rule);',
    tests: [HIDDEN, WHO_CAN],
  },
  {
    id: 'exact-5',
    effect: 'a search that reached its bound is shown as a proof',
    file: 'src/core/policy/exact/effort.ts',
    find: 'if (left <= 0) reasons.add(',
    replace: 'if (left > 0) reasons.add(',
    tests: [SEARCH],
  },
  {
    id: 'exact-6',
    effect: 'a member of a denied group counts as an exception of the denial',
    file: 'src/core/policy/exact/groups.ts',
    find: 'isStable = false;\n      break;',
    replace: 'break;',
    tests: [SEARCH],
  },
  {
    id: 'exact-7',
    effect: 'an example shows groups and segments that have nothing to do with the change',
    file: 'src/core/policy/exact/example.ts',
    find: 'return [...withoutOne(request)].find(isExample);',
    replace: 'return [...withoutOne(request)].slice(0, 0).find(isExample);',
    tests: [SEARCH],
  },
  {
    id: 'exact-8',
    effect: 'an invariant that nobody can prove is shown as proved',
    file: 'src/core/policy/invariants.ts',
    find: "if (proof.kind === 'broken' || !isOpaque) return proof;",
    replace: 'if (proof.kind !== "open") return proof;',
    tests: [INVARIANTS],
  },
  {
    id: 'exact-9',
    effect: 'only: members of one team may write to another team',
    file: 'src/core/policy/invariants.ts',
    find: "...(kind === 'only' ? claim.rules : []),",
    replace:
      "...(kind === 'only' ? claim.rules.map((rule) => ({ ...rule, repositories: rule.repositories.map(withoutValues) })) : []),",
    tests: [INVARIANTS],
  },
  {
    id: 'exact-10',
    effect: 'a policy whose invariant is broken comes into force although invariants are required',
    file: 'src/config/policy-task.ts',
    find: "return proof.kind === 'proved' ? [] :",
    replace: "return proof.kind !== 'open' ? [] :",
    tests: ['test/unit/config/policy-task.test.ts'],
  },
  {
    id: 'exact-11',
    effect: 'lint says to remove two rules that each make the other one superfluous',
    file: 'src/core/policy/lint/removable.ts',
    find: 'rest = less;',
    replace: '',
    tests: ['test/unit/core/policy/lint/lint.test.ts'],
  },
  {
    id: 'exact-12',
    effect: 'who-can names members of a group of which no name gives the value',
    file: 'src/core/policy/who-can.ts',
    find: '.filter((alternative) => someCallerHas(alternative, search))',
    replace: '',
    tests: [WHO_CAN],
  },
  {
    id: 'exact-13',
    effect: 'a proof misses a user whose name has some letters in upper case and others in lower case',
    file: 'src/core/policy/exact/spellings.ts',
    find: 'return letters.has(upper) ? [letter, upper] : [upper];',
    replace: 'return letters.has(upper) ? [letter] : [upper];',
    tests: [SPELLINGS, HIDDEN],
  },
  {
    id: 'exact-14',
    effect: 'a proof misses names that a pattern divides at a separator in one spelling only',
    file: 'src/core/policy/exact/spellings.ts',
    find: 'else all = [...all, ...more];',
    replace: 'else all = [...all];',
    tests: [SPELLINGS],
  },
  {
    id: 'exact-15',
    effect: 'of two spellings the one that fits more patterns is tried, and the proof misses the other one',
    file: 'src/core/policy/exact/spellings.ts',
    find: '.toSorted((a, b) => a.state.size - b.state.size)',
    replace: '.toSorted((a, b) => b.state.size - a.state.size).slice(0, 1)',
    tests: [SPELLINGS],
  },
];
