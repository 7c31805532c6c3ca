/** Names that some source may take for one. */
import { foldCase } from './fold-case.ts';

/** Marks on letters, and characters that nobody sees. */
const UNSEEN = /[\p{M}\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

/** Letters that Windows compares as others, and that have no decomposition in Unicode. */
const ALIKE: Readonly<Record<string, string>> = {
  æ: 'ae',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  œ: 'oe',
  ß: 'ss',
  ŧ: 't',
  þ: 'th',
};
const HAS_ALIKE = new RegExp(`[${Object.keys(ALIKE).join('')}]`, 'g');

/**
 * One text for all spellings of a name that directories and providers are known to take for the same account: in
 * another case, in compatibility forms (RFC 4518, section 2.3), with more spaces or characters that nobody sees, and
 * with accents that Active Directory does not compare (`øskar` logs in as `oskar`).
 *
 * Only for counting, where too few are worse than too many: to be somebody takes the name that the source itself says.
 */
export function oneSpelling(name: string): string {
  const bare = foldCase(name.normalize('NFKD')).normalize('NFKD').replaceAll(UNSEEN, '');
  return bare
    .replaceAll(HAS_ALIKE, (letter) => ALIKE[letter] ?? letter)
    .replaceAll(/\s+/g, ' ')
    .trim();
}
