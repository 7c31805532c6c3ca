/** Java, of which a machine may have several. */
import { accessSync, constants, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const INSTALLED = '/usr/lib/jvm';

/** @returns the first Java of that release or a later one: of JAVA_HOME, the PATH, or where Linux keeps them. */
export function findJava(release: number): string | undefined {
  const found = candidates().find((program) => releaseOf(program) >= release);
  if (found === undefined) console.warn(`absent: Java ${release}; its tests are skipped`);
  return found;
}

function candidates(): readonly string[] {
  const home = process.env['JAVA_HOME'];
  return [
    ...(home === undefined ? [] : [join(home, 'bin')]),
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...foldersIn(INSTALLED).map((name) => join(INSTALLED, name, 'bin')),
  ].map((folder) => join(folder, 'java'));
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What the file `release` says, which every Java has; 0 where there is no Java. */
function releaseOf(program: string): number {
  try {
    accessSync(program, constants.X_OK);
    const text = readFileSync(join(realpathSync(program), '../../release'), 'utf8');
    return Number(/^JAVA_VERSION="(\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
