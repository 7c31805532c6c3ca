/** The API of a running broker, through its control socket. */
import { join } from 'node:path';
import type { Answer, ApiRequest, OperationId } from '../../src/http/api/operations.ts';
import type { ControlAnswer } from '../../src/platform/control-socket.ts';
import { askRunningBrokers } from '../../src/platform/control-sockets.ts';
import { requestOf, strictAnswer } from './api.ts';
import type { Broker } from './broker.ts';

type Asked = Pick<Broker, 'folder' | 'waitForLine'>;

export async function sendToBroker<Id extends OperationId>(
  broker: Asked,
  id: Id,
  request: ApiRequest<Id>,
): Promise<ControlAnswer> {
  // The control socket is the last thing that a broker opens.
  await broker.waitForLine(({ message }) => message === 'listening');
  const { answers } = await askRunningBrokers(join(broker.folder, 'state'), requestOf(id, request));
  const [answer] = answers;
  if (answer === undefined) throw new Error('the control socket does not answer');
  return answer;
}

/** Fails unless the answer is exactly what the schema of the operation describes. */
export async function askBroker<Id extends OperationId>(
  broker: Asked,
  id: Id,
  request: ApiRequest<Id>,
): Promise<Answer<Id>> {
  return strictAnswer(id, await sendToBroker(broker, id, request));
}
