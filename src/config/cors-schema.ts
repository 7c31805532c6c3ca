/** The web pages that may read tokens and the key set. */
import { z } from 'zod';

const ANY_ORIGIN = '*';

const origin = z.string().superRefine((text, context) => {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
  if (isOrigin || text === ANY_ORIGIN) return;
  const meant = url !== null && /^https?:$/.test(url.protocol) ? `; did you mean "${url.origin}"?` : '';
  const message = `expected an origin, such as https://ui.example.com: scheme, host and port in lower case${meant}`;
  context.addIssue({ code: 'custom', message, input: text });
});

export const cors = z
  .strictObject({
    origins: z
      .array(origin)
      .min(1)
      .refine((origins) => origins.length === 1 || !origins.includes(ANY_ORIGIN), {
        error: 'found * together with other origins, expected it alone',
      })
      .meta({
        description:
          'The origins of the pages: scheme, host and port, such as `https://ui.example.com`. `*` alone stands for all pages; browsers then send no stored credentials.',
      }),
  })
  .optional()
  .meta({
    description:
      'Web pages of other origins that may use the token endpoint and the key set, such as a registry UI (CORS). Default: none.',
  });
