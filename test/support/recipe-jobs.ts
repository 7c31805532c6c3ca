/** A recipe for CI jobs without a network: its backend, with keys in a file, and its policy. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadPolicy } from '../../src/config/load.ts';
import { decide } from '../../src/core/policy/decide.ts';
import { parseScope } from '../../src/core/scope.ts';
import { recipeTexts } from './recipes.ts';
import { createTokenBackend, present } from './token-backend.ts';
import { newSigningKey, signWith } from './token-issuer.ts';
import type { Claims } from './token-issuer.ts';

export interface RecipeJobs extends AsyncDisposable {
  /** What the policy grants to a job with these claims, as `pull,push`; the reason when its token is refused. */
  granted(claims: Claims, scope: string): Promise<string>;
}

/**
 * @param issuer the issuer of tokens whose claims name none
 * @param name of the backend in the recipe; default: the first
 */
export async function openRecipeJobs(recipe: string, issuer: string, name?: string): Promise<RecipeJobs> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-jobs-'));
  const key = newSigningKey('ES256');
  const file = join(folder, 'keys.json');
  const published = { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: key.algorithm };
  await writeFile(file, JSON.stringify({ keys: [published] }));
  await writeFile(join(folder, 'policy.yaml'), recipeTexts(recipe, 'policy.yaml')[0]);
  const { policy } = await loadPolicy(join(folder, 'policy.yaml'));
  const configured = recipeTexts(recipe, 'broker.yaml').flatMap((text) => {
    return (parse(text) as { readonly backends: readonly { readonly name: string }[] }).backends;
  });
  const config = configured.find((each) => name === undefined || each.name === name);
  if (config === undefined) throw new Error(`the recipe ${recipe} has no backend ${name}`);
  const backend = await createTokenBackend({ config: { ...config, keys: { file } } });

  return {
    async granted(claims, text) {
      const now = Math.floor(Date.now() / 1000);
      const outcome = await present(backend, signWith(key, { iss: issuer, iat: now, exp: now + 300, ...claims }, {}));
      if (outcome.kind !== 'authenticated') return outcome.kind === 'rejected' ? outcome.reason : outcome.kind;
      const scope = parseScope(`repository:${text}`);
      if (scope === undefined) throw new Error(`no scope: ${text}`);
      const situation = {
        caller: { kind: 'user', identity: outcome.identity },
        service: '',
        client: '',
        time: now,
      } as const;
      return decide(policy, situation, scope).granted.join();
    },
    [Symbol.asyncDispose]: async () => {
      await backend[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
