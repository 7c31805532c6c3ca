/** The thread that blocks on the disk: it answers the questions of `sqlite-thread.ts` in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { openEntries } from './sqlite-entries.ts';
import type { Entries, Question } from './sqlite-entries.ts';

export type Request = { readonly id: number; readonly question: Question } | 'close';

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string }
  /** The file cannot be opened. */
  | { readonly refused: string }
  | 'open';

function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const send = (answer: Answer): void => port.postMessage(answer);
  let entries: ReturnType<typeof openEntries>;
  try {
    entries = openEntries(path);
  } catch (error) {
    send({ refused: textOf(error) });
    return port.close();
  }
  send('open');
  port.on('message', (request: Request) => {
    if (request === 'close') {
      entries[Symbol.dispose]();
      return port.close();
    }
    try {
      send({ id: request.id, result: resultOf(entries, request.question) });
    } catch (error) {
      send({ id: request.id, failure: textOf(error) });
    }
  });
}

function resultOf(entries: Entries, question: Question): unknown {
  switch (question.method) {
    case 'get':
      return entries.get(question.argument);
    case 'put':
      return entries.put(question.argument);
    case 'replace':
      return entries.replace(question.argument);
    case 'replaceIf':
      return entries.replaceIf(question.argument);
    case 'list':
      return entries.list(question.argument);
    case 'removeAll':
      return entries.removeAll(question.argument);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const file: unknown = workerData;
if (parentPort !== null && typeof file === 'string') serve(parentPort, file);
