/** The questions of `fairlead init` about the registry and the addresses of the broker. */
import { isLocalName, parseListenAddress } from '../../config/listen-address.ts';
import { parsePublicUrl } from '../../config/public-url.ts';
import { REGISTRIES } from '../../core/registry-config.ts';
import type { RegistryKind } from '../../core/registry-config.ts';
import type { Interview } from './interview.ts';
import { choice, text } from './question.ts';
import type { Question } from './question.ts';

export interface RegistryAnswers {
  readonly service: string;
  readonly kind: RegistryKind;
  readonly publicUrl: string;
  readonly listen: string;
}

export const FOLDER: Question<string> = {
  flag: 'out',
  placeholder: 'folder',
  prompt: 'Folder',
  about: 'The folder for broker.yaml, policy.yaml and the file with the password.',
  more: ['It is made when it does not exist. Keep it where only operators of the broker can write.'],
  parse: text(() => undefined),
};

export const REGISTRY: Question<string> = {
  flag: 'registry',
  placeholder: 'name',
  prompt: 'Registry',
  about: 'The registry, as the names of its images begin: HOST or HOST:PORT.',
  more: [
    'In "docker push registry.example.com/web/app" it is registry.example.com.',
    'The registry names itself by it in its configuration (service), and every token is for it only.',
  ],
  parse: text((answer) =>
    /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(answer)
      ? undefined
      : 'expected HOST or HOST:PORT without https:// and without a path, such as registry.example.com',
  ),
};

const KIND: Question<RegistryKind> = {
  flag: 'for',
  placeholder: 'kind',
  prompt: 'Program of the registry',
  about: `The program of the registry: ${REGISTRIES.join(', ')}.`,
  more: [
    'distribution-2 and distribution-3 are the images registry:2 and registry:3.',
    'For others with the token protocol of distribution, take the one they are built on.',
  ],
  parse: choice(REGISTRIES),
};

export const PUBLIC_URL: Question<string> = {
  flag: 'public-url',
  placeholder: 'url',
  prompt: 'Public address of the broker',
  about: 'The address at which docker and other clients reach this broker.',
  more: [
    'The registry sends its clients there for a token, with their passwords. Therefore it is https, except on this machine.',
    'With a reverse proxy in front of the broker it is the address of the proxy; a path is possible.',
  ],
  parse: text((answer) => {
    const url = parsePublicUrl(answer);
    if (typeof url === 'string') return url;
    if (url.protocol === 'https:' || isLocalName(url.hostname)) return undefined;
    return 'expected https://: clients send passwords there; http is for localhost only';
  }),
};

/** Never asked: the address of the broker decides, where the flag does not. */
const LISTEN: Question<string> = {
  flag: 'listen',
  placeholder: 'address',
  prompt: 'Listen',
  about: 'Where the broker listens: HOST:PORT. Default: loopback, with the port of a public address on this machine.',
  more: [],
  parse: text((answer) => {
    const address = parseListenAddress(answer);
    return typeof address === 'string' ? address : undefined;
  }),
};

export const REGISTRY_QUESTIONS: readonly Question<unknown>[] = [REGISTRY, KIND, PUBLIC_URL, LISTEN];

export async function askRegistry(interview: Interview): Promise<RegistryAnswers> {
  const service = await interview.ask(REGISTRY, interview.hasTerminal ? 'localhost:5000' : undefined);
  const kind = await interview.ask(KIND, 'distribution-2');
  const isHere = isLocalName(service.replace(/:\d+$/, ''));
  const publicUrl = await interview.ask(PUBLIC_URL, isHere ? 'http://localhost:5001' : undefined);
  const listen = interview.isAnswered(LISTEN) ? await interview.ask(LISTEN) : listenFor(publicUrl);
  return { service, kind, publicUrl, listen };
}

function listenFor(publicUrl: string): string {
  const { protocol, hostname, port } = new URL(publicUrl);
  if (protocol === 'https:' || !isLocalName(hostname)) return '127.0.0.1:5001';
  return `${hostname === '[::1]' ? hostname : '127.0.0.1'}:${port === '' ? '80' : port}`;
}
