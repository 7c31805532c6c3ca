/** The API of a running broker, through its control socket. */
import { join } from 'node:path';
import type { Answer, ApiRequest, OperationId } from '../../src/http/api/operations.ts';
import { askRunningBrokers } from '../../src/platform/control-sockets.ts';
import { requestOf, strictAnswer } from './api.ts';
import type { Broker } from './broker.ts';

/** Fails unless the answer is exactly what the schema of the operation describes. */
export async function askBroker<Id extends OperationId>(
  broker: Pick<Broker, 'folder' | 'waitForLine'>,
  id: Id,
  request: ApiRequest<Id>,
): Promise<Answer<Id>> {
  // The control socket is the last thing that a broker opens.
  await broker.waitForLine(({ message }) => message === 'listening');
  const { answers } = await askRunningBrokers(join(broker.folder, 'state'), requestOf(id, request));
  const [answer] = answers;
  if (answer === undefined) throw new Error('the control socket does not answer');
  return strictAnswer(id, answer);
}
