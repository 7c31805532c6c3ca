/** The common repository pattern of two rules, as far as a repository shows it. */
import type { Scope } from '../../scope.ts';
import { segmentMayMatch } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import type { Requirement } from '../exact/ties.ts';

/** @returns `{team}/release/**` for `{team}/**` and `*\/release/**`; undefined: the catalog */
export function commonPattern([first, second]: readonly Requirement[], asked: Scope): string | undefined {
  if (first?.pattern === undefined) return undefined;
  if (second?.pattern === undefined) return first.pattern.text;
  return align(first.pattern, second.pattern, asked.name.split('/'))?.join('/') ?? asked.name;
}

function align(a: RepositoryPattern, b: RepositoryPattern, name: readonly string[]): readonly string[] | undefined {
  function from(i: number, j: number, at: number): readonly string[] | undefined {
    const [left, right, segment] = [a.segments[i], b.segments[j], name[at]];
    if (left === undefined && right === undefined && segment === undefined) return [];
    if (left?.kind === 'deep' && right?.kind === 'deep')
      return withDeep(from(i + 1, j + 1, at) ?? from(i + 1, j, at) ?? from(i, j + 1, at) ?? consumed(i, j, at));
    if (left?.kind === 'deep') return from(i + 1, j, at) ?? matched(right, right, i, j + 1, at);
    if (right?.kind === 'deep') return from(i, j + 1, at) ?? matched(left, left, i + 1, j, at);
    return matched(left, right, i + 1, j + 1, at);
  }

  function consumed(i: number, j: number, at: number): readonly string[] | undefined {
    return name[at] === undefined ? undefined : from(i, j, at + 1);
  }

  function matched(
    left: SegmentPattern | undefined,
    right: SegmentPattern | undefined,
    i: number,
    j: number,
    at: number,
  ): readonly string[] | undefined {
    const segment = name[at];
    if (segment === undefined || left === undefined || right === undefined) return undefined;
    if (!segmentMayMatch(left, segment) || !segmentMayMatch(right, segment)) return undefined;
    const rest = from(i, j, at + 1);
    return rest === undefined ? undefined : [narrower(left.key, right.key) ?? segment, ...rest];
  }

  return from(0, 0, 0);
}

function withDeep(rest: readonly string[] | undefined): readonly string[] | undefined {
  return rest === undefined || rest[0] === '**' ? rest : ['**', ...rest];
}

/** The narrower one of two segments; undefined: neither is known to be narrower. */
function narrower(left: string, right: string): string | undefined {
  if (left === right) return left;
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (!/[*{]/.test(one) || other === '*') return one;
    if (/^\{[^{}]*\}$/.test(other) && one !== '*') return one;
  }
  return undefined;
}
