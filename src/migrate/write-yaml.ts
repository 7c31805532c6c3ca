/** Writes the files of an import as YAML for people to edit. */
import { Document, isMap, isScalar, visit } from 'yaml';

const WIDTH = 120;

/**
 * @param comment the lines at the beginning of the file
 * @param lineComments a comment above each entry of the list or mapping under a key at the top
 */
export function yamlText(
  value: unknown,
  comment: readonly string[],
  lineComments: { readonly key: string; readonly comments: readonly string[] } = { key: '', comments: [] },
): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  const list = document.get(lineComments.key);
  const items: readonly unknown[] = isCollection(list) ? list.items : [];
  for (const [index, item] of items.entries()) {
    const text = lineComments.comments[index];
    const target = isMap(item) ? item : isPair(item) ? item.key : undefined;
    if (text !== undefined && text !== '' && isCommentable(target)) target.commentBefore = ` ${text}`;
  }
  visit(document, {
    // Lists of names and small mappings are easiest to read in one line.
    Seq: (_key, node) => {
      if (node.items.every((entry) => isScalar(entry))) node.flow = true;
    },
  });
  const body = document.toString({ lineWidth: WIDTH, flowCollectionPadding: false, singleQuote: true });
  return [...comment.map((line) => (line.startsWith('#') ? line : `# ${line}`)), body].join('\n');
}

interface Commentable {
  commentBefore?: string | null;
}

function isCommentable(node: unknown): node is Commentable {
  return typeof node === 'object' && node !== null;
}

function isCollection(node: unknown): node is { readonly items: readonly unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items);
}

function isPair(node: unknown): node is { readonly key: unknown } {
  return typeof node === 'object' && node !== null && 'key' in node && 'value' in node;
}
