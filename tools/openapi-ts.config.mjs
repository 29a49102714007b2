/**
 * A TypeScript client of a running server, with @hey-api/openapi-ts:
 *
 *   npx openapi-ts -f tools/openapi-ts.config.mjs
 *
 * The description is OpenAPI 3.2, which says with `itemSchema` what one event of a stream is. This version of the generator knows `schema`
 * alone, and takes it for the data of one event: it is put there, so that the events of every stream have types.
 */
export const patch = (description) => {
  for (const { get } of Object.values(description.paths)) {
    const stream = get?.responses?.['200']?.content?.['text/event-stream'];
    if (!stream?.itemSchema) continue;
    const { data } = stream.itemSchema.properties;
    stream.schema = { anyOf: data.anyOf.map(({ contentSchema }) => contentSchema) };
  }
};

export default {
  input: 'http://127.0.0.1:3000/openapi.json',
  output: 'client',
  plugins: ['@hey-api/client-fetch', '@hey-api/sdk', '@hey-api/typescript'],
  parser: { patch },
};
