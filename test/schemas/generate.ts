import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { JsonSchemas } from './json-schema.ts';

/**
 * Writes src/http/schemas.generated.ts: a JSON Schema of the state of each aggregate, of the rows and lists of each projection, and of each
 * type that src/http/answers.ts exports. `--check` writes nothing and fails where the file is not as the types say.
 */
const root = join(import.meta.dirname, '../..');
const FILE = join(root, 'src/http/schemas.generated.ts');
const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, root);
const roots = ['src/domain/aggregates.ts', 'projections/index.ts', 'src/http/answers.ts'].map((file) => join(root, file));
const program = ts.createProgram(roots, { ...options, noEmit: true });
const checker = program.getTypeChecker();

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};
const pascal = (text: string): string => text.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
const sourceOf = (file: string): ts.SourceFile => program.getSourceFile(join(root, file)) ?? fail(`There is no ${file}.`);
const exportsOf = (file: ts.SourceFile): readonly ts.Symbol[] => checker.getExportsOfModule(checker.getSymbolAtLocation(file)!);
const aliased = (symbol: ts.Symbol): ts.Symbol => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const propertyOf = (type: ts.Type, name: string): ts.Type | undefined => {
  const property = type.getProperty(name);
  return property && checker.getTypeOfSymbol(property);
};
const present = (type: ts.Type): ts.Type => checker.getNonNullableType(type);
const returned = (type: ts.Type): ts.Type => present(type.getCallSignatures()[0]!.getReturnType());

const json = exportsOf(sourceOf('src/kernel/event.ts')).find(({ name }) => name === 'Json')!;
const schemas = new JsonSchemas(program, root, checker.getDeclaredTypeOfSymbol(json));

for (const symbol of exportsOf(sourceOf('src/http/answers.ts')))
  if (aliased(symbol).flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))
    schemas.addNamed(checker.getDeclaredTypeOfSymbol(aliased(symbol)));

/** The state of each aggregate, by its category: a component of its own. */
const states: Record<string, string> = {};
for (const module of exportsOf(sourceOf('src/domain/aggregates.ts'))) {
  const { name } = module;
  const index = exportsOf(sourceOf(`src/domain/${name}/index.ts`)).find((symbol) => symbol.name === name);
  const initial = index && propertyOf(checker.getTypeOfSymbol(aliased(index)), 'initial');
  if (!initial) fail(`src/domain/${name}/index.ts exports no aggregate ${name}.`);
  states[name] = schemas.nameOf(initial!, `${pascal(name)}`);
}

/** The argument of `projection(…)` where a projection is defined. */
const definitionOf = (symbol: ts.Symbol): ts.ObjectLiteralExpression => {
  const { initializer } = aliased(symbol).valueDeclaration as ts.VariableDeclaration;
  const [definition] = (initializer as ts.CallExpression).arguments;
  return definition as ts.ObjectLiteralExpression;
};
const partOf = (definition: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined => {
  const property = definition.properties.find((p) => p.name?.getText() === name);
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
};
const entryOf = (list: ts.Type): ts.Type => returned(propertyOf(list, 'entry')!);

/** Name of the projection → kind of row → its component, and the component of an entry of each of its lists. */
const rows: Record<string, Record<string, { row: string; lists: Record<string, string> }>> = {};
const registry = sourceOf('projections/index.ts');
registry.forEachChild((node) => {
  if (!ts.isImportDeclaration(node) || !node.importClause?.namedBindings || node.importClause.phaseModifier) return;
  for (const { name } of (node.importClause.namedBindings as ts.NamedImports).elements) {
    const definition = definitionOf(checker.getSymbolAtLocation(name)!);
    const called = (partOf(definition, 'name') as ts.StringLiteral).text;
    const rowsAt = checker.getTypeAtLocation(partOf(definition, 'rows')!);
    const listsAt = partOf(definition, 'lists');
    const kinds = checker.getPropertiesOfType(rowsAt);
    const index = checker.getIndexInfosOfType(rowsAt)[0]?.type;
    const named: ReadonlyArray<readonly [kind: string, row: ts.Type]> = index
      ? [['*', returned(index)]]
      : kinds.map((kind) => [kind.name, returned(checker.getTypeOfSymbol(kind))]);
    rows[called] = Object.fromEntries(
      named.map(([kind, row]) => {
        const title = `${pascal(called)}${named.length > 1 ? pascal(kind) : ''}`;
        const lists = listsAt && checker.getTypeAtLocation(listsAt);
        const own = lists && (index ? checker.getIndexInfosOfType(lists)[0]?.type : propertyOf(lists, kind));
        const entries = (own ? checker.getPropertiesOfType(own) : []).map((list): [string, string] => [
          list.name,
          schemas.nameOf(entryOf(checker.getTypeOfSymbol(list)), `${title}${pascal(list.name)}Entry`),
        ]);
        return [kind, { row: schemas.nameOf(row, `${title}Row`), lists: Object.fromEntries(entries) }];
      }),
    );
  }
});

const resolved = (value: unknown): unknown =>
  typeof value === 'string'
    ? schemas.finalName(value)
    : Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, resolved(inner)]));
/** A line for each entry, so that changes of several people to different types merge. */
const lines = (entries: object): string =>
  Object.entries(entries)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)
    .join('');
const text = `// Made by \`npm run schemas\` from the types of the states, rows and answers: never edited by hand.

/** Component → its JSON Schema. */
export const answerSchemas: Readonly<Record<string, object>> = {
${lines(schemas.components())}};

/** Category → the component of its state. */
export const stateSchemas: Readonly<Record<string, string>> = {
${lines(resolved(states) as object)}};

/** What is answered of one kind of row: components of the row, and of an entry of each of its lists. */
interface RowComponents {
  readonly row: string;
  readonly lists: Readonly<Record<string, string>>;
}
/** Projection → kind of row, or \`*\` for any → its components. */
export const rowSchemas: Readonly<Record<string, Readonly<Record<string, RowComponents>>>> = {
${lines(resolved(rows) as object)}};
`;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) fail('src/http/schemas.generated.ts is not as the types say: run npm run schemas.');
