/** The output for invariants of a policy. */
import type { LoadedPolicy } from '../config/load.ts';
import { proofText } from '../config/request-text.ts';
import { proveInvariant } from '../core/policy/invariants.ts';
import type { Invariant, Proof, ProveOptions } from '../core/policy/invariants.ts';

interface InvariantResult {
  readonly invariant: Invariant;
  readonly proof: Proof;
}

export function proveAll(
  { policy, invariants }: Pick<LoadedPolicy, 'policy' | 'invariants'>,
  options: ProveOptions = {},
): readonly InvariantResult[] {
  return invariants.map((invariant) => ({ invariant, proof: proveInvariant(policy, invariant, options) }));
}

export function areProved(results: readonly InvariantResult[]): boolean {
  return results.every(({ proof }) => proof.kind === 'proved');
}

export function invariantLines(results: readonly InvariantResult[]): readonly string[] {
  return results.map(
    ({ invariant: { file, line, name }, proof }) => `${file}:${line}: invariant "${name}": ${proofText(proof)}`,
  );
}

export function invariantJson({ invariant: { name, file, line, kind }, proof }: InvariantResult) {
  return { name, file, line, kind, result: proof.kind, text: proofText(proof) };
}
