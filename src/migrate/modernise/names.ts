/** How patterns for names relate. */
import { globCovers, globsMeet, nameGlob } from '../../core/policy/relation/globs.ts';

export function nameCovers(wide: string, narrow: string): boolean {
  return globCovers(nameGlob(wide), nameGlob(narrow));
}

export function namesMeet(a: string, b: string): boolean {
  return globsMeet(nameGlob(a), nameGlob(b));
}
