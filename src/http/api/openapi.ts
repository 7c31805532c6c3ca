/** The description of the API as an OpenAPI 3.1 document, made from the schemas that check its requests and answers. */
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { API_ROOT } from '../paths.ts';
import { OPERATION_IDS, operations } from './operations.ts';
import { PROBLEMS } from './problem.ts';
import type { ProblemCode } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of an object are its keys
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().meta({ description: 'A sentence for people' }),
    requestId: z.string().meta({ description: 'The id of the request in the log of the broker' }),
    fields: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong with which field of the request' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** What each operation can answer in addition to its own problems. */
const EVERYWHERE: readonly ProblemCode[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'browser-refused',
  'too-many-requests',
  'internal',
];
const OF_A_POST: readonly ProblemCode[] = ['too-large', 'json-required'];

let document: Json | undefined;

/** The same for the same code. */
export function openApiDocument(): Json {
  document ??= makeDocument();
  return document;
}

function makeDocument(): Json {
  const schemas: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  const refer = (schema: z.ZodType, io: 'input' | 'output'): Json => addSchema(schemas, schema, io);
  refer(problemSchema, 'output');
  for (const id of OPERATION_IDS) {
    const operation: Operation = operations[id];
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(id, operation, refer) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Fairlead API for operators',
      version: '1',
      description:
        'Within this version, only additions are made: clients ignore fields of answers that they do not know. ' +
        'Requests with unknown fields are refused.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_ROOT }],
    security: [{ personalToken: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        personalToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'A personal token with an api limit. The control socket of the broker needs none.',
        },
      },
    },
  };
}

function describe(
  id: string,
  { summary, access, query, body, answer, method, problems = [] }: Operation,
  refer: (schema: z.ZodType, io: 'input' | 'output') => Json,
): Json {
  const codes = [...EVERYWHERE, ...(method === 'POST' ? OF_A_POST : []), ...problems];
  return {
    operationId: id,
    summary,
    'x-fairlead-access': access,
    ...(query === undefined ? {} : { parameters: parametersOf(query) }),
    ...(method === 'GET'
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: refer(body ?? z.strictObject({}), 'input') } },
          },
        }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: refer(answer, 'output') } } },
      ...problemResponses(codes),
    },
  };
}

/** One response for each status, with the codes that it can have. */
function problemResponses(codes: readonly ProblemCode[]): Json {
  const byStatus = Object.groupBy([...new Set(codes)], (code) => String(PROBLEMS[code].status));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, found = []]) => [
      status,
      {
        description: found.map((code) => `\`${code}\`: ${PROBLEMS[code].detail}`).join('; '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function parametersOf(query: z.ZodObject): readonly Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', target: 'draft-2020-12' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

/** Adds a schema with an id, and those in it, to the components. @returns a reference, or the schema itself */
function addSchema(components: Record<string, unknown>, schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _dialect,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      // Answers may get more fields within this version.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  for (const [id, definition] of Object.entries($defs)) add(components, id, definition);
  const { id } = own;
  if (id === undefined) return moved(own);
  add(components, id, own);
  return { $ref: `#/components/schemas/${id}` };
}

function add(components: Record<string, unknown>, id: string, { id: _id, ...schema }: Json): void {
  const text = moved(schema);
  if (components[id] !== undefined && JSON.stringify(components[id]) !== JSON.stringify(text)) {
    throw new Error(`two schemas of the API have the id ${id}`);
  }
  components[id] = text;
}

/** With references to where the components are. */
function moved(schema: Json): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same object with other texts
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}
