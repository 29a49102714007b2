import { createReadStream } from 'node:fs';
import { csvLines, type CsvLine } from '../csv.js';
import { matchKey, type Json } from '../kernel/index.js';
import { amountIn, dateIn, flagIn, textIn, type Read } from './import-cells.js';
import { FIELDS, MappingError, type Column, type FieldName, type Mapping, type Policy, type SupplierField } from './import-mapping.js';

export type RowOutcome = 'recorded' | 'corrected' | 'changed' | 'claimed' | 'unchanged' | 'asked' | 'refused' | 'broken' | 'vanished';
/** What became of a row, or of one of its columns. */
export interface RowReport {
  readonly line?: number;
  readonly key: string;
  readonly contract?: string;
  readonly column?: string;
  readonly outcome: RowOutcome;
  readonly was?: string;
  readonly is?: string;
  readonly why?: string;
}
/** Rows of a register at most: all are held in memory, and compared with what earlier imports said. */
export const MAX_ROWS = 50_000;
const MAX_TEXT: { readonly [F in FieldName]?: number } = { title: 200, description: 2000, procedure: 100, buyer: 300 };

export interface Cell {
  readonly column: string;
  readonly changed: Policy;
  readonly text: string;
  readonly value: Json;
}
export interface Row {
  readonly line: number;
  readonly key: string;
  readonly cells: ReadonlyMap<FieldName, Cell>;
  readonly supplier: Readonly<Partial<Record<SupplierField, Json>>>;
}

/** The header of a register. @throws NotCsvError, MappingError of a file without lines */
export const headerOf = async (file: string, delimiter?: string): Promise<readonly string[]> => {
  for await (const { cells } of csvLines(createReadStream(file), delimiter)) return cells;
  throw new MappingError(`${file} has no line.`);
};

/** The rows that can be read, each with a key of its own; what cannot is reported. @throws MappingError, NotCsvError */
export const readRows = async (
  file: string,
  mapping: Mapping,
  reports: RowReport[],
): Promise<{ readonly rows: readonly Row[]; readonly unknownColumns: readonly string[]; readonly keys: ReadonlySet<string> }> => {
  let header: readonly string[] | undefined;
  const lines = new Map<string, CsvLine[]>();
  let count = 0;
  for await (const line of csvLines(createReadStream(file), mapping.delimiter)) {
    if (!header) {
      checkHeader((header = line.cells), mapping, file);
      continue;
    }
    if (++count > MAX_ROWS) throw new MappingError(`${file} has more than ${MAX_ROWS} rows: send it in parts.`);
    const key = line.cells[header.indexOf(mapping.key.column)] ?? '';
    lines.set(key, [...(lines.get(key) ?? []), line]);
  }
  if (!header) throw new MappingError(`${file} has no line.`);
  const rows: Row[] = [];
  for (const [key, same] of lines) {
    const broken = (line: number, column: string, why: string) => reports.push({ line, key, column, outcome: 'broken', why });
    const { column } = mapping.key;
    if (key === '' || key.length > 200) {
      for (const { line } of same) broken(line, column, key === '' ? 'The row has no key.' : 'The key has more than 200 characters.');
    } else if (same.length > 1) {
      for (const { line } of same) broken(line, column, `${key} stands in lines ${same.map((one) => one.line).join(' and ')}.`);
    } else {
      const row = rowOf(same[0]!, key, header, mapping, (...fault) => broken(same[0]!.line, ...fault));
      if (row) rows.push(row);
    }
  }
  const known = new Set([mapping.key.column, ...Object.keys(mapping.columns)]);
  const unknownColumns = header.filter((name) => name !== '' && !known.has(name));
  return { rows, unknownColumns, keys: new Set(lines.keys()) };
};

const checkHeader = (header: readonly string[], { key, columns }: Mapping, file: string): void => {
  const missing = [key.column, ...Object.keys(columns)].filter((name) => !header.includes(name));
  if (missing.length > 0)
    throw new MappingError(`${file} has no column ${missing.map((name) => `"${name}"`).join(', ')}: it has ${header.join(', ')}.`);
  const twice = header.find((name, i) => name !== '' && header.indexOf(name) < i);
  if (twice !== undefined) throw new MappingError(`${file} has two columns "${twice}".`);
};

/** Undefined where a cell cannot be read: then nothing of the row is sent. */
const rowOf = (
  { line, cells }: CsvLine,
  key: string,
  header: readonly string[],
  mapping: Mapping,
  broken: (column: string, why: string) => void,
): Row | undefined => {
  let isBroken = false;
  const no = (column: string, why: string): void => {
    isBroken = true;
    broken(column, why);
  };
  if (cells.length > header.length) no(header.at(-1)!, `The row has ${cells.length} cells, and the header ${header.length}.`);
  const of = new Map<FieldName, Cell>();
  const supplier: Partial<Record<SupplierField, Json>> = {};
  for (const [i, column] of header.entries()) {
    const mapped = mapping.columns[column];
    const text = cells[i] ?? '';
    if (text.includes('\ufffd')) no(column, `"${text.slice(0, 60)}" is not in UTF-8: save the file as CSV UTF-8.`);
    if (!mapped || text === '' || mapping.nothing.includes(matchKey(text))) continue;
    const read = readCell(mapped.field, text, mapping);
    if ('why' in read) no(column, `"${text.slice(0, 60)}" ${read.why}.`);
    else if (isContractField(mapped)) of.set(mapped.field, { column, changed: mapped.changed, text, value: read.value });
    else supplier[mapped.field as SupplierField] = read.value;
  }
  return isBroken ? undefined : { line, key, cells: of, supplier };
};
const isContractField = (column: Column): column is Column & { readonly field: FieldName } => Object.hasOwn(FIELDS, column.field);
const readCell = (field: Column['field'], text: string, mapping: Mapping): Read<Json> => {
  switch (field) {
    case 'value':
      return amountIn(text, mapping);
    case 'startsOn':
    case 'endsOn':
    case 'awardedOn':
      return dateIn(text, mapping);
    case 'sme':
    case 'vcse':
      return flagIn(text);
    case 'registration':
      return textIn(text, 60);
    default:
      return textIn(text, MAX_TEXT[field] ?? 200);
  }
};
