/**
 * Which modules of the bundle are written into one file. Without groups, Rolldown writes a file for each set of entries
 * that share modules. The server would read a hundred files at its start, and Node.js takes time for each.
 */
import type { CodeSplittingGroup } from 'rolldown';

/** What Rolldown knows about a module. */
export interface ModuleImports {
  readonly importedIds: readonly string[];
  readonly dynamicallyImportedIds: readonly string[];
}

export type ImportsOf = (id: string) => ModuleImports | null;

/** Parts of Node.js that it has loaded itself, or that nearly every command needs. */
const LIGHT_PARTS: ReadonlySet<string> = new Set([
  'node:crypto',
  'node:fs',
  'node:fs/promises',
  'node:module',
  'node:os',
  'node:path',
  'node:timers/promises',
  'node:util',
]);

/**
 * A group with the modules that are loaded with the anchor, and never without it: nothing then loads more than it
 * imports.
 *
 * @param anchor absolute path of a module
 * @param entries absolute paths
 */
export function chunkAround(name: string, anchor: string, entries: readonly string[]): CodeSplittingGroup {
  return groupOf(name, (importsOf) => modulesOnlyWith(anchor, entries, importsOf));
}

/**
 * A group with the modules of the anchors that load no library. Whatever needs one of them loads all, which takes less
 * time than to read a file for each.
 *
 * @param anchors absolute paths of modules
 * @param source absolute path of the folder of our own modules
 */
export function lightChunk(anchors: readonly string[], source: string): CodeSplittingGroup {
  return groupOf('light', (importsOf) => lightModules(anchors, source, importsOf));
}

function groupOf(name: string, membersOf: (importsOf: ImportsOf) => ReadonlySet<string>): CodeSplittingGroup {
  let members: ReadonlySet<string> | undefined;
  return {
    debugName: name,
    // Rolldown calls it as soon as it knows all modules.
    name: (id, graph) => {
      members ??= membersOf((module) => graph.getModuleInfo(module));
      return members.has(id) ? name : null;
    },
    // The group is complete: a module that is imported and not in it is loaded by others without the group.
    includeDependenciesRecursively: false,
  };
}

export function modulesOnlyWith(anchor: string, entries: readonly string[], importsOf: ImportsOf): ReadonlySet<string> {
  const others = rootsWithout(anchor, entries, importsOf).flatMap((root) => [...loadedBy(root, importsOf)]);
  return loadedBy(anchor, importsOf).difference(new Set(others));
}

export function lightModules(anchors: readonly string[], source: string, importsOf: ImportsOf): ReadonlySet<string> {
  const isLight = (id: string): boolean => id.startsWith(`${source}/`) || LIGHT_PARTS.has(id);
  const modules = anchors.flatMap((anchor) => [...loadedBy(anchor, importsOf)]);
  return new Set(modules.filter((id) => [...loadedBy(id, importsOf)].every(isLight)));
}

/** The entries and dynamic imports that can be loaded while the anchor is not. */
function rootsWithout(anchor: string, entries: readonly string[], importsOf: ImportsOf): readonly string[] {
  const roots = new Set(entries);
  const isWithout = (root: string): boolean => !loadedBy(root, importsOf).has(anchor);
  for (const root of roots) {
    // What a root with the anchor imports later is loaded when the anchor is there.
    if (!isWithout(root)) continue;
    for (const id of loadedBy(root, importsOf))
      importsOf(id)?.dynamicallyImportedIds.forEach((next) => roots.add(next));
  }
  return [...roots].filter(isWithout);
}

/** The module, and all that is loaded before it runs. */
function loadedBy(root: string, importsOf: ImportsOf): ReadonlySet<string> {
  const found = new Set([root]);
  for (const id of found) importsOf(id)?.importedIds.forEach((next) => found.add(next));
  return found;
}
