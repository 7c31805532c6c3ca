/** The services that a policy names and that its broker does not have. */
import { parseNamePattern } from '../core/policy/name-pattern.ts';
import type { ReadPolicy } from './load-policy.ts';
import type { Path } from './problems.ts';
import { suggest } from './suggest.ts';

export interface UnknownService {
  readonly path: Path;
  readonly text: string;
  /** Continues a sentence: `names the service "regstry", which broker.yaml does not have; did you mean "registry"?`. */
  readonly message: string;
  /** False for a pattern with a wildcard: the policy may be shared with a broker that has such a service. */
  readonly isCertain: boolean;
  /** Undefined: in a test. */
  readonly ruleIndex: number | undefined;
}

/** @param services the names of the configured services */
export function unknownServices({ policy, file }: ReadPolicy, services: readonly string[]): readonly UnknownService[] {
  const inRules = policy.rules.flatMap(({ conditions, index }) =>
    conditions.flatMap(({ kind, samples }) =>
      (samples?.service ?? []).flatMap((text, at) => unknown(text, ['rules', index, kind, at], services, index)),
    ),
  );
  const inTests = file.tests.flatMap(({ service }, index) =>
    service === undefined || services.includes(service)
      ? []
      : [unknownLiteral(service, ['tests', index, 'service'], services, undefined)],
  );
  return [...inRules, ...inTests];
}

function unknown(text: string, path: Path, services: readonly string[], ruleIndex: number): readonly UnknownService[] {
  const pattern = parseNamePattern(text);
  if (typeof pattern === 'string' || services.some((service) => pattern.match(service) !== undefined)) return [];
  if (pattern.literal !== undefined) return [unknownLiteral(text, path, services, ruleIndex)];
  const message = `names services like "${text}", and broker.yaml has none (${services.join(', ')})`;
  return [{ path, text, message, isCertain: false, ruleIndex }];
}

function unknownLiteral(
  text: string,
  path: Path,
  services: readonly string[],
  ruleIndex: number | undefined,
): UnknownService {
  const meant = suggest(text, services);
  const hint = meant === undefined ? ` (${services.join(', ')})` : `; did you mean "${meant}"?`;
  const message = `names the service "${text}", which broker.yaml does not have${hint}`;
  return { path, text, message, isCertain: true, ruleIndex };
}
