import { csvOf } from '../../src/csv.js';

/** A row of an invented register, in the columns of the schema that local authorities publish. */
export interface RegisterRow {
  'Contract reference number': string;
  'Contract title': string;
  'Contract description': string;
  'Organisation label': string;
  'Organisation URI': string;
  Department: string;
  'Contract start date': string;
  'Contract end date': string;
  'Review date': string;
  'Contract value': string;
  'Irrecoverable VAT': string;
  'Supplier name': string;
  'Supplier registered company number': string;
  SME: string;
  VCSE: string;
  'Process type': string;
}

const WHAT = [
  'Street lighting',
  'Library books',
  'School meals',
  'Highway repairs',
  'Home care',
  'Grounds maintenance',
  'Payroll software',
];
const WHERE = ['North', 'South', 'East', 'West', 'Central'];
const NAMES = ['Ashdown', 'Birch & Sons', 'Carr', 'Dunmore', 'Éloise', 'Fenwick', 'Greenacre', 'Holt'];

const two = (n: number): string => String(n).padStart(2, '0');
/** So many rows, always the same: nothing in them is real. */
export const registerRows = (count: number): RegisterRow[] =>
  Array.from({ length: count }, (_, i) => {
    const name = `${NAMES[i % NAMES.length]} ${WHERE[Math.floor(i / 8) % 5]} Ltd`;
    const month = two(1 + (i % 12));
    const pounds = 5000 + ((i * 7919) % 900_000);
    return {
      'Contract reference number': `C/${String(i + 1).padStart(4, '0')}-${i % 2 === 0 ? 'A' : 'B'}`,
      'Contract title': `${WHAT[i % WHAT.length]}, ${WHERE[i % 5]} ${i + 1}`,
      'Contract description': i % 3 === 0 ? '' : `${WHAT[i % WHAT.length]} for the ${WHERE[i % 5]} area,\nas tendered`,
      'Organisation label': 'Invented Council',
      'Organisation URI': 'http://example.org/id/invented',
      Department: i % 4 === 0 ? 'Adults' : 'Place',
      'Contract start date': `01/${month}/${2019 + (i % 4)}`,
      'Contract end date': i % 50 === 49 ? 'TBC' : `28/${month}/${2026 + (i % 5)}`,
      'Review date': '',
      'Contract value': i % 40 === 39 ? '' : `£${pounds.toLocaleString('en-GB')}${i % 2 === 0 ? '.50' : ''}`,
      'Irrecoverable VAT': '0',
      'Supplier name': name,
      'Supplier registered company number': String(10_000_000 + (i % 40)),
      SME: i % 2 === 0 ? 'Yes' : 'No',
      VCSE: 'No',
      'Process type': 'Open',
    };
  });

export const registerText = (rows: readonly RegisterRow[]): string => {
  const names = Object.keys(registerRows(1)[0]!) as (keyof RegisterRow)[];
  return csvOf(names.map((name) => [name, (row: RegisterRow) => row[name]] as const), rows, { bom: true, eol: '\r\n' }); // prettier-ignore
};
