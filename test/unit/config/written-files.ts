/** Files in a temporary folder, for loaders that read them. */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface WrittenFiles extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export async function writtenFiles(
  contents: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<WrittenFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), content, { mode: 0o600 });
    return path(name);
  };
  for (const [name, content] of Object.entries(contents)) await write(name, content);
  return { folder, path, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** The lines of what a loader throws, without the folder; fails when it throws nothing or something else. */
export async function problemsOf({ folder }: WrittenFiles, load: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await load();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ConfigError') throw error;
    return error.message.replaceAll(`${folder}/`, '').split('\n');
  }
  throw new Error('expected the file to be refused');
}
