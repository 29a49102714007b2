import { stringify } from 'csv-stringify/sync';
import type { Columns } from './kernel/index.js';

interface Options {
  /** The names of the columns; present unless this is false. */
  readonly header?: boolean;
  /** A byte order mark, by which a spreadsheet knows UTF-8. */
  readonly bom?: boolean;
  readonly eol?: '\n' | '\r\n';
}

/** A table as CSV (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe; a number stays a number. */
export const csvOf = <Of>(columns: Columns<Of>, records: readonly Of[], { header = true, bom = false, eol = '\n' }: Options = {}): string =>
  stringify(
    records.map((of) => columns.map(([, cell]) => cell(of))),
    {
      columns: columns.map(([name]) => name),
      header,
      bom,
      record_delimiter: eol,
      quote_record_delimiter: true,
      escape_formulas: true,
      cast: {
        boolean: String,
        string: (value, { index }) => (value.startsWith('-') && columns[index]![2] === 'number' ? { ...PLAIN, value } : value),
      },
    },
  );
/** An option that the library takes for a cell, though its types leave it out. */
const PLAIN: object = { escape_formulas: false };
