/** Which modules of the bundle share a file. */
import { describe, expect, it } from 'vitest';
import { lightModules, modulesOnlyWith } from '../../../docker/package/start-chunks.ts';
import type { ImportsOf } from '../../../docker/package/start-chunks.ts';

type Graph = Readonly<Record<string, { readonly needs?: readonly string[]; readonly later?: readonly string[] }>>;

const importsOf =
  (graph: Graph): ImportsOf =>
  (id) => ({ importedIds: graph[id]?.needs ?? [], dynamicallyImportedIds: graph[id]?.later ?? [] });

describe('the modules around an anchor', () => {
  const graph: Graph = {
    main: { needs: ['errors'], later: ['serve', 'health'] },
    serve: { needs: ['schema'], later: ['server'] },
    health: { needs: ['socket'] },
    server: { needs: ['express', 'errors', 'schema', 'socket'], later: ['console'] },
    console: { needs: ['express', 'pages'] },
    thread: { needs: ['task'] },
    express: { needs: ['router'] },
  };
  const around = (anchor: string) => [...modulesOnlyWith(anchor, ['main', 'thread'], importsOf(graph))].toSorted();

  it('are those that are never loaded without it', () => {
    expect(around('server')).toEqual(['express', 'router', 'server']);
  });

  it('include what is loaded again after it, and not what only that loads', () => {
    expect(around('server')).toContain('express');
    expect(around('server')).not.toContain('pages');
  });

  it('do not include what a command or a thread loads alone', () => {
    expect(around('server')).not.toContain('socket');
    expect(modulesOnlyWith('server', ['main', 'express'], importsOf(graph))).toEqual(new Set(['server']));
  });
});

describe('the light modules', () => {
  const graph: Graph = {
    '/src/server.ts': { needs: ['/src/paths.ts', '/src/log.ts', '/src/listen.ts', '/src/keys.ts'] },
    '/src/paths.ts': {},
    '/src/keys.ts': { needs: ['node:crypto', '/src/paths.ts'] },
    '/src/log.ts': { needs: ['/src/line.ts', '/node_modules/winston/index.js'] },
    '/src/line.ts': {},
    '/src/listen.ts': { needs: ['node:http'] },
    '/src/other.ts': {},
  };

  it('load no library and no server of Node.js, and belong to the start', () => {
    expect([...lightModules(['/src/server.ts'], '/src', importsOf(graph))].toSorted()).toEqual([
      '/src/keys.ts',
      '/src/line.ts',
      '/src/paths.ts',
      'node:crypto',
    ]);
  });
});
