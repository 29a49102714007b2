import { basename, dirname, relative } from 'node:path';
import ts from 'typescript';

export type Schema = { readonly [key: string]: unknown };

/** Numbers that may have digits after the point, by the name of their property; every other number of an answer is whole. */
const FRACTIONS = new Set(['least', 'most', 'ageSeconds']);
/** What the name of a text says about its form, as everywhere in the ledger. */
const formOf = (name: string): Schema =>
  /^on$|On$/.test(name)
    ? { $ref: '#/components/schemas/Date' }
    : /At$/.test(name)
      ? { $ref: '#/components/schemas/Instant' }
      : { type: 'string' };

const pascal = (text: string): string => text.replaceAll(/(?:^|[-.])(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * JSON Schema 2020-12 of TypeScript types, as `JSON.stringify` writes their values: what is undefined is absent. Each exported interface or
 * alias without type parameters is a component of its own; comments are descriptions.
 */
export class JsonSchemas {
  readonly #checker: ts.TypeChecker;
  readonly #root: string;
  /** The type of any JSON: what takes all of it has the schema that takes all. */
  readonly #json: ts.Type;
  /** `<name>@<file>` → its schema. */
  readonly #named = new Map<string, Schema>();

  constructor(program: ts.Program, root: string, json: ts.Type) {
    this.#json = json;
    this.#checker = program.getTypeChecker();
    this.#root = root;
  }

  /** Adds a type: a component of its own under its name, or under the given one where it has none. @returns what `finalName` takes */
  nameOf(type: ts.Type, name: string): string {
    const { $ref } = this.of(type, name);
    if (typeof $ref === 'string' && this.#named.has($ref)) return $ref;
    const key = `${name}@`;
    this.#named.set(key, this.#inline(type, name));
    return key;
  }

  addNamed(type: ts.Type): void {
    this.of(type, '');
  }

  finalName(key: string): string {
    return this.#names().get(key)!;
  }

  /** Every component by its name. A name that two files use begins with that of the file or folder in all but the kernel. */
  components(): Readonly<Record<string, Schema>> {
    const names = this.#names();
    const named = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(named);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          key === '$ref' && names.has(inner as string) ? `#/components/schemas/${names.get(inner as string)!}` : named(inner),
        ]),
      );
    };
    const components = [...this.#named].map(([key, schema]): [string, Schema] => [names.get(key)!, named(schema) as Schema]);
    return Object.fromEntries(components.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #names(): ReadonlyMap<string, string> {
    const keys = [...this.#named.keys()];
    const names = new Map<string, string>();
    for (const key of keys) {
      const [name, file] = key.split('@') as [string, string];
      const isAlone = keys.filter((other) => other.startsWith(`${name}@`)).length === 1;
      const base = basename(file, '.ts');
      const place = ['state', 'index', 'commands'].includes(base) ? basename(dirname(file)) : base;
      names.set(key, isAlone || file === '' || file.startsWith('src/kernel/') ? name : `${pascal(place)}${name}`);
    }
    if (new Set(names.values()).size < names.size) throw new Error(`Two types share a name: ${[...names.values()].sort().join(', ')}`);
    return names;
  }

  /** @param at the names that lead to it, for the messages; the last one tells the form of a text */
  of(type: ts.Type, at: string): Schema {
    if (type.isUnion() && type.types.length > 5 && this.#checker.isTypeAssignableTo(this.#json, type)) return {};
    const symbol = type.aliasSymbol ?? type.symbol;
    const declaration = symbol?.declarations?.[0];
    if (declaration && isComponent(declaration) && !type.aliasTypeArguments?.length && !isPrimitive(type)) {
      const file = relative(this.#root, declaration.getSourceFile().fileName);
      const key = `${symbol.name}@${file}`;
      if (!file.includes('node_modules')) {
        if (!this.#named.has(key)) {
          this.#named.set(key, {});
          this.#named.set(key, { ...this.#described(symbol), ...this.#inline(type, symbol.name) });
        }
        return { $ref: key };
      }
    }
    return this.#inline(type, at);
  }

  #described(symbol: ts.Symbol): Schema {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)).trim();
    return text === '' ? {} : { description: text };
  }

  #inline(type: ts.Type, at: string): Schema {
    if (at.length > 400) throw new Error(`${at.slice(0, 400)}: a type without end.`);
    const checker = this.#checker;
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (flags & ts.TypeFlags.NonPrimitive) return { type: 'object' };
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (flags & ts.TypeFlags.Never) return { not: {} };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
    if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (flags & ts.TypeFlags.String) return formOf(at.split('.').at(-1)!);
    if (flags & ts.TypeFlags.Number) return { type: FRACTIONS.has(at.split('.').at(-1)!) ? 'number' : 'integer' };
    if (flags & ts.TypeFlags.TemplateLiteral) return { type: 'string', pattern: patternOf(type as ts.TemplateLiteralType) };
    if (type.isUnion()) return this.#union(type.types, at);
    if (type.isIntersection() && type.types.some(isPrimitive)) return this.of(type.types.find(isPrimitive)!, at);
    const list = type.isIntersection() && type.types.findLast((part) => checker.isArrayType(part)); // what a generic spread makes of a list
    if (list) return this.of(list, at);
    if (checker.isTupleType(type)) {
      const items = checker.getTypeArguments(type as ts.TypeReference).map((item, i) => this.of(item, `${at}.${i}`));
      return { type: 'array', prefixItems: items, minItems: items.length, maxItems: items.length };
    }
    if (checker.isArrayType(type))
      return { type: 'array', items: this.of(checker.getTypeArguments(type as ts.TypeReference)[0]!, at.replace(/\.?$/, '.')) };
    if (flags & ts.TypeFlags.Object || type.isIntersection()) return this.#object(type, at);
    throw new Error(`${at}: no JSON is of the type ${checker.typeToString(type)}.`);
  }

  #union(all: readonly ts.Type[], at: string): Schema {
    const types = all.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const isNull = types.some(({ flags }) => flags & ts.TypeFlags.Null);
    const rest = types.filter(({ flags }) => !(flags & ts.TypeFlags.Null));
    const literals = rest.flatMap((type) => (type.isStringLiteral() || type.isNumberLiteral() ? [type.value] : []));
    const booleans = rest.filter(({ flags }) => flags & ts.TypeFlags.BooleanLiteral);
    const others = rest.filter(
      (type) => !type.isStringLiteral() && !type.isNumberLiteral() && !(booleans.length === 2 && booleans.includes(type)),
    );
    const schemas = [
      ...(literals.length > 0 ? [{ enum: literals.toSorted() }] : []),
      ...(booleans.length === 2 ? [{ type: 'boolean' }] : []),
      ...this.#distinct(others.map((type) => this.of(type, at))),
      ...(isNull ? [{ type: 'null' }] : []),
    ];
    if (schemas.length === 1) return schemas[0]!;
    const types_ = schemas.map((schema) =>
      Object.keys(schema).length === 1 && typeof (schema as Schema)['type'] === 'string' ? (schema as Schema)['type'] : undefined,
    );
    return types_.every((name) => name !== undefined) ? { type: types_ } : { anyOf: schemas };
  }
  #distinct(schemas: readonly Schema[]): readonly Schema[] {
    return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  }

  #object(type: ts.Type, at: string): Schema {
    const checker = this.#checker;
    if (type.getCallSignatures().length > 0) throw new Error(`${at} is a function.`);
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const property of checker.getPropertiesOfType(type)) {
      const { name } = property;
      if (name.startsWith('__@')) continue; // a symbol: for the compiler alone
      const declared = checker.getTypeOfSymbol(property);
      const parts = declared.isUnion() ? declared.types : [declared];
      const mayBeAbsent = (property.flags & ts.SymbolFlags.Optional) !== 0 || parts.some(({ flags }) => flags & ts.TypeFlags.Undefined);
      if (parts.every(({ flags }) => flags & ts.TypeFlags.Undefined)) continue;
      const present = mayBeAbsent ? checker.getNonNullableType(declared) : declared;
      const isNull = mayBeAbsent && parts.some(({ flags }) => flags & ts.TypeFlags.Null);
      const schema = isNull ? this.#union(parts, `${at}.${name}`) : this.of(present, `${at}.${name}`);
      properties[name] = { ...this.#described(property), ...schema };
      if (!mayBeAbsent) required.push(name);
    }
    const index = checker
      .getIndexInfosOfType(type)
      .find(({ keyType }) => keyType.flags & (ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral));
    return {
      type: 'object',
      ...(required.length > 0 && { required }),
      ...(Object.keys(properties).length > 0 && { properties }),
      ...(index && { additionalProperties: this.of(index.type, `${at}.`) }),
    };
  }
}

const isPrimitive = ({ flags }: ts.Type): boolean =>
  (flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.Null)) !== 0 &&
  !(flags & ts.TypeFlags.Union);
const isComponent = (declaration: ts.Declaration): boolean =>
  (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration)) && !declaration.typeParameters?.length;

const patternOf = ({ texts, types }: ts.TemplateLiteralType): string =>
  `^${texts.map((text, i) => RegExp.escape(text) + (i < types.length ? '.*' : '')).join('')}$`.replaceAll('\\x2d', '-');
