/** JSON Schemas of the two files, by which editors complete and check them. */
import { z } from 'zod';
import { brokerFile } from './broker-schema.ts';
import { policyFile } from './policy-schema.ts';

/** The text of each schema, the same for the same code, with a newline at its end. */
export function schemaTexts(): { readonly broker: string; readonly policy: string } {
  return { broker: schemaText(brokerFile), policy: schemaText(policyFile) };
}

function schemaText(schema: z.core.$ZodType): string {
  // Draft 7 is what yaml-language-server reads best; `inline` keeps small types readable where they are used.
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', target: 'draft-7', reused: 'inline' }), undefined, 2)}\n`;
}
