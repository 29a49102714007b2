import { CsvError, parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { Readable } from 'node:stream';
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

/** A line of a table as it stands in its file, and where it begins. */
export interface CsvLine {
  readonly line: number;
  readonly cells: readonly string[];
}
/** The file is not CSV, from a line on. */
export class NotCsvError extends Error {
  override readonly name = 'NotCsvError';
}
/** Characters of one line at most. */
const LONGEST_LINE = 1_000_000;

/** The lines of a CSV file (RFC 4180) that have a cell, one after another, without the blanks around cells. @throws NotCsvError */
export async function* csvLines(source: Readable, delimiter = ','): AsyncGenerator<CsvLine> {
  const parser = source.pipe(
    parse({
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: LONGEST_LINE,
    }),
  );
  source.once('error', (error) => parser.destroy(error));
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (record.every((cell) => cell === '')) continue;
      const within = record.reduce((n, cell) => n + cell.split('\n').length - 1, 0);
      yield { line: info.lines - within, cells: record };
    }
  } catch (error) {
    if (error instanceof CsvError) throw new NotCsvError(error.message, { cause: error });
    throw error;
  } finally {
    source.destroy();
  }
}
