/** Placeholders of templates, which another program fills in before the file is used. */
import type { ForeignNode } from './foreign-yaml.ts';

/** `${NAME}` of envsubst and shells, `{{ … }}` of Helm. docker_auth and zot have lower-case placeholders of their own. */
const PLACEHOLDER = /\$\{[A-Z_][A-Z0-9_]+(?::?[-=?+][^}]*)?\}|\{\{.*?\}\}/;

interface TemplatePlaceholder {
  readonly line: number;
  readonly text: string;
}

/** Every placeholder of a template in keys and values, in the order of the file. */
export function templatePlaceholders(node: ForeignNode): readonly TemplatePlaceholder[] {
  switch (node.kind) {
    case 'scalar':
      return placeholdersIn(node.text, node.line);
    case 'list':
      return node.items.flatMap(templatePlaceholders);
    case 'map':
      return node.entries.flatMap(({ key, line, value }) => [
        ...placeholdersIn(key, line),
        ...templatePlaceholders(value),
      ]);
    case 'null':
      return [];
  }
}

function placeholdersIn(text: string, line: number): readonly TemplatePlaceholder[] {
  const [found] = PLACEHOLDER.exec(text) ?? [];
  return found === undefined ? [] : [{ line, text: found }];
}
