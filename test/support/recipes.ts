/** The recipes, and the code blocks in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

export interface RecipeBlock {
  readonly recipe: string;
  readonly language: string;
  /** From its first line: `# broker.yaml`. */
  readonly title: string;
  readonly text: string;
}

const CONFIG = resolve(import.meta.dirname, '../../config');
const FOLDER = join(CONFIG, 'recipes');

/** Their paths. */
export const RECIPES: readonly string[] = [
  join(CONFIG, 'recipes.md'),
  ...readdirSync(FOLDER).map((name) => join(FOLDER, name)),
];

export const BLOCKS: readonly RecipeBlock[] = RECIPES.flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    recipe: basename(path, '.md'),
    language,
    title: /^# ?(.+)/.exec(text)?.[1] ?? '',
    text,
  })),
);

/** The whole text of a recipe. */
export function readRecipe(recipe: string): Promise<string> {
  return readFile(join(FOLDER, `${recipe}.md`), 'utf8');
}

/** @returns the texts, in their order; at least one. */
export function recipeTexts(recipe: string, titleOrLanguage: string): readonly [string, ...string[]] {
  const [first, ...rest] = BLOCKS.filter(
    (block) => block.recipe === recipe && [block.title, block.language].includes(titleOrLanguage),
  ).map(({ text }) => text);
  if (first === undefined) throw new Error(`the recipe ${recipe} has no block ${titleOrLanguage}`);
  return [first, ...rest];
}
