/** One cell: null is an empty one. */
type Cell = string | number | boolean | null | undefined;
/** A fixed list of columns, each with its name and what it takes of a row. */
export type Columns<Row> = readonly (readonly [name: string, of: (row: Row) => Cell])[];

/** A text that a spreadsheet would take for a formula begins with an apostrophe; a number stays a number. */
const cellOf = (value: Cell): string => {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows as CSV (RFC 4180) with a header. Lines end in LF here, and in CRLF once they are written to a file. */
export const csvOf = <Row>(columns: Columns<Row>, rows: readonly Row[]): string =>
  [columns.map(([name]) => cellOf(name)), ...rows.map((row) => columns.map(([, of]) => cellOf(of(row))))]
    .map((cells) => cells.join(','))
    .join('\n');
