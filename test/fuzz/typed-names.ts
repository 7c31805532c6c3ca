/**
 * The user names that the fuzzer sends. A mutation can join name and password, and then the log shows the password as
 * the name, which a broker cannot know. The names are read from the bytes that are sent and never with the parser of the
 * broker: otherwise a broker that takes the password for the name would look correct.
 */

const BASIC = /^authorization:[^\S\n]*basic[^\S\n]+([^\r\n]*)/gim;
const FORM_NAME = /(?:^|[&\s])username=([^&\s]*)/gi;
/** Where the log cuts a name, and what it hides behind one. */
const MAX_LOGGED = 256;
const HIDDEN = /password=.*/is;

/** The head of a chunk, which may stand in the middle of a name. */
const CHUNK_HEAD = /\r\n[\da-f]+\r\n/gi;

/** The texts that stand in a request where a user name belongs. */
export function namesIn(request: Buffer): readonly string[] {
  const whole = request.toString('latin1');
  return [...new Set([whole, whole.replaceAll(CHUNK_HEAD, '')].flatMap(namesInText))];
}

function namesInText(text: string): readonly string[] {
  const basic = [...text.matchAll(BASIC)].map(([, encoded = '']) => {
    const decoded = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    return colon < 0 ? decoded : decoded.slice(0, colon);
  });
  const forms = [...text.matchAll(FORM_NAME)].map(
    ([, encoded = '']) =>
      new URLSearchParams(`name=${Buffer.from(encoded, 'latin1').toString('utf8')}`).get('name') ?? '',
  );
  return [...basic, ...forms];
}

/** Whether the log may show this text as the user, because it was sent as the name. */
export function isTypedName(shown: string, names: Iterable<string>): boolean {
  for (const name of names) if (asLogged(name) === shown) return true;
  return false;
}

function asLogged(name: string): string {
  const bounded = name.length > MAX_LOGGED ? `${name.slice(0, MAX_LOGGED)}…` : name;
  return bounded.replace(HIDDEN, 'password=[hidden]');
}
