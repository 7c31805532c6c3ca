/** A DNS server on the loopback address that answers questions for service records (RFC 1035, RFC 2782). */
import { createSocket } from 'node:dgram';

interface ServiceTarget {
  readonly host: string;
  readonly port: number;
}

interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** The names that were asked for. */
  names(): readonly string[];
}

const HEADER_BYTES = 12;
const SRV = 33;
const IN = 1;
const NO_SUCH_NAME = 3;

export async function startNameServer(records: Readonly<Record<string, ServiceTarget>>): Promise<NameServer> {
  const names: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    const { name, end } = nameAt(question, HEADER_BYTES);
    names.push(name);
    socket.send(answerTo(question.subarray(0, end + 4), records[name]), port, address);
  });
  await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    names: () => names,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

/** @param question the header and the question of the request */
function answerTo(question: Buffer, target: ServiceTarget | undefined): Buffer {
  const answer = Buffer.from(question);
  // A response, recursion available; one question, one or no answer, nothing else.
  answer.writeUInt16BE(0x8180 + (target === undefined ? NO_SUCH_NAME : 0), 2);
  answer.writeUInt16BE(1, 4);
  answer.writeUInt16BE(target === undefined ? 0 : 1, 6);
  answer.writeUInt32BE(0, 8);
  return target === undefined ? answer : Buffer.concat([answer, recordOf(target)]);
}

function recordOf({ host, port }: ServiceTarget): Buffer {
  const labels = host.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const name = Buffer.concat([...labels, Buffer.from([0])]);
  // The name is that of the question.
  const head = Buffer.from([0xc0, HEADER_BYTES, 0, SRV, 0, IN, 0, 0, 0, 60]);
  const data = Buffer.alloc(8);
  data.writeUInt16BE(6 + name.length, 0);
  data.writeUInt16BE(port, 6);
  return Buffer.concat([head, data, name]);
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
