import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { App } from '../../src/app.module.js';
import { ApiDocument } from '../../src/http/api-document.js';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** What the document does not name is not there: an object that lists its properties has no other. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner && inner['type'] === 'object' && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
};

/** Checks answers against the OpenAPI document of a server. */
export class Described {
  readonly #document: Document;
  readonly #paths: readonly (readonly [path: string, form: RegExp])[];
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(document: Document) {
    this.#document = document;
    // a path with fewer parameters goes first
    this.#paths = Object.keys(document.paths)
      .sort((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => [path, new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/{\w+}/g, '[^/]+')}$`)]);
    this.#ajv.addSchema({ $id: 'document', components: closed(document.components) });
  }

  static #known = new Map<string, Described>();
  /** Made once for all servers of a test file, with tokens and without. */
  static of({ app }: Pick<App, 'app'>, kind: string): Described {
    const known = this.#known.get(kind) ?? new Described(app.get(ApiDocument).get() as Document);
    this.#known.set(kind, known);
    return known;
  }

  /** Why an answer is not as the document says; undefined where it is, or where the document has no such route. */
  fault(method: string, url: string, status: number, type: string, body: unknown): string | undefined {
    const path = new URL(url, 'http://localhost').pathname;
    const [route] = this.#paths.find(([, form]) => form.test(path)) ?? [];
    const operation = route && this.#document.paths[route]![method.toLowerCase()];
    if (!operation) return undefined;
    const response = operation.responses[status];
    if (!response) return `${method} ${route}: the document has no ${status}.`;
    if (body === undefined) return undefined;
    const media = type.split(';')[0]!;
    const schema = response.content?.[media]?.schema;
    if (!schema) return `${method} ${route}: ${status} has no ${media} in the document.`;
    const place = `${method} ${route} ${status} ${media}`;
    const validate = this.#validators.get(place) ?? this.#compiled(place, schema);
    if (validate(body)) return undefined;
    return `${place} is not as the document says: ${this.#ajv.errorsText(validate.errors)} ${JSON.stringify(validate.errors?.[0]?.params)}`;
  }

  #compiled(place: string, schema: object): ValidateFunction {
    const text = JSON.stringify(closed(schema)).replaceAll('"#/components/', '"document#/components/');
    const validate = this.#ajv.compile(JSON.parse(text) as object);
    this.#validators.set(place, validate);
    return validate;
  }
}
