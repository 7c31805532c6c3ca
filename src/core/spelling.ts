/** Spellings of a name that some source treats as equal. */
import { foldCase } from './fold-case.ts';

/** Marks on letters, and invisible characters. */
const INVISIBLE = /[\p{M}\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

/** Letters that Windows treats as equal to others, and that have no decomposition in Unicode. */
const EQUIVALENTS: Readonly<Record<string, string>> = {
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
const HAS_EQUIVALENT = new RegExp(`[${Object.keys(EQUIVALENTS).join('')}]`, 'g');

/**
 * One text for all spellings of a name that a directory or provider may resolve to the same account: another case,
 * compatibility forms (RFC 4518, section 2.3), additional spaces or invisible characters, and accents that Active
 * Directory ignores (`øskar` logs in as `oskar`).
 *
 * Only for counting attempts, where it is safer to count two accounts as one than one as two. The identity of a user
 * always has the name that the source returns.
 */
export function oneSpelling(name: string): string {
  const bare = foldCase(name.normalize('NFKD')).normalize('NFKD').replaceAll(INVISIBLE, '');
  return bare
    .replaceAll(HAS_EQUIVALENT, (letter) => EQUIVALENTS[letter] ?? letter)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * One text for all logins that may belong to one account, as far as the typed name shows: without the domain of
 * `DOMAIN\\name` and the realm of `name@realm`, in one spelling.
 */
export function accountName(typed: string): string {
  const name = typed.slice(typed.lastIndexOf('\\') + 1);
  const realm = name.indexOf('@');
  return oneSpelling(realm > 0 ? name.slice(0, realm) : name);
}
