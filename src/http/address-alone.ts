const WITH_PORT = /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/i;

/** An address from X-Forwarded-For without the port that some proxies write behind it (Azure’s gateway, IIS). */
export function addressAlone(text: string): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(text) ?? [];
  return inBrackets ?? beforePort ?? text;
}
