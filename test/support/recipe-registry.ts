/** A registry with a configuration of the recipe for registries behind a proxy. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPart } from './parts.ts';
import { start } from './process.ts';
import { recipeTexts } from './recipes.ts';
import { DOCKER_REGISTRY } from './registry.ts';
import { httpAnswers } from './wait.ts';

export interface RecipeRegistry extends AsyncDisposable {
  readonly port: number;
}

/**
 * @param title of the block
 * @param replaced texts of the block that are others in the test
 */
export async function openRecipeRegistry(
  title: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<RecipeRegistry> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-registry-'))).path;
  const port = await freePort();
  const here = { '127.0.0.1:5000': `127.0.0.1:${port}`, '/var/lib/registry': join(folder, 'images'), ...replaced };
  const file = join(folder, 'config.yml');
  const [text] = recipeTexts('forward-auth', title);
  await writeFile(
    file,
    Object.entries(here).reduce((all, [from, to]) => all.replaceAll(from, to), text),
  );
  const env = { PATH: process.env['PATH'] };
  const registry = resources.use(start(findPart(DOCKER_REGISTRY) ?? '', ['serve', file], { env }));
  await registry.waitUntil('the registry', () => httpAnswers(`http://127.0.0.1:${port}/v2/`));
  const running = resources.move();
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
