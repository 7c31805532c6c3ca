/** A broker with the configuration of a recipe, and the addresses of a test in it. */
import { join } from 'node:path';
import { parse } from 'yaml';
import { claimsOf, MAIN, startBroker } from './broker.ts';
import type { Broker, Login } from './broker.ts';
import { run } from './process.ts';
import type { Result } from './process.ts';
import { recipeTexts } from './recipes.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface RecipeOptions {
  /** The keys of each backend that differ in the test, such as its issuer and CA, by its name. */
  readonly here: Readonly<Record<string, Fields>>;
  /** The environment variables with secrets that the blocks name. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RecipeBroker extends AsyncDisposable {
  readonly broker: Broker;
  /** The granted actions of `web/shop:pull,push`, as `pull,push`; the status if the answer is not 200. */
  granted(scope: string, login: Login): Promise<string>;
  /** Runs `fairlead check` with this standard input. */
  check(option: readonly string[], stdin?: string): Promise<Result>;
}

const SERVICE = 'registry.example.com';

/** Starts a broker with all backends of the recipe. */
export async function startRecipeBroker(recipe: string, { here, env = {} }: RecipeOptions): Promise<RecipeBroker> {
  const blocks = recipeTexts(recipe, 'broker.yaml').map((text) => parse(text) as { readonly backends: Fields[] });
  const backends = blocks
    .flatMap((block) => block.backends)
    .map((backend) => ({ ...backend, ...here[String(backend['name'])] }));
  const broker = await startBroker({
    config: { services: { [SERVICE]: { anonymous: 'deny' } }, backends, policy: 'policy.yaml' },
    files: { 'policy.yaml': recipeTexts(recipe, 'policy.yaml')[0] },
    env,
  });
  return {
    broker,
    granted: async (scope, login) => {
      const { status, body } = await broker.token(`service=${SERVICE}&scope=repository:${scope}`, login);
      if (status !== 200) return String(status);
      const [entry] = claimsOf(body['token'])['access'] as readonly { readonly actions: readonly string[] }[];
      return (entry?.actions ?? []).join();
    },
    check: (option, stdin = '') =>
      run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml'), ...option], {
        env: { ...process.env, ...env },
        stdin,
      }),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
