/** The vectors about tokens, which no check sends: they show how registries verify. */
import { VECTOR_SCHEMAS } from '../../src/conformance/vectors.ts';
import type { TokenVector } from '../../src/conformance/vectors.ts';
import file from '../../src/conformance/vectors/tokens.json' with { type: 'json' };

export const tokenVectors = VECTOR_SCHEMAS.tokens.parse(file)['tokens'] as readonly TokenVector[];
