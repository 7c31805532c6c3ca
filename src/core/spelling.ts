/** Names that some source may take for one. */
import { foldCase } from './fold-case.ts';

/**
 * One text for all spellings of a name that directories and providers are known to take for the same account: in
 * another case, in compatibility forms (RFC 4518, section 2.3), with more spaces or characters that nobody sees.
 *
 * Only for counting: to be somebody takes the name that the source itself says.
 */
export function oneSpelling(name: string): string {
  const composed = name.normalize('NFKC').replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '');
  return foldCase(composed).normalize('NFKC').replaceAll(/\s+/g, ' ').trim();
}
