import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projections } from '../projections/index.js';
import { movementColumns, registerColumns } from '../src/cli/staff.js';
import { csvOf } from '../src/csv.js';
import { decisionColumns } from '../src/http/decisions.controller.js';
import { refusalColumns } from '../src/http/refusals.controller.js';
import type { Cell, Columns } from '../src/kernel/index.js';

const both: Columns<readonly [Cell, Cell]> = [
  ['text', ([text]) => text],
  ['amount', ([, amount]) => amount, 'number'],
];

describe('CSV', () => {
  it('quotes what has a comma, a quote or a line end, and leaves empty what is not known', () =>
    expect(csvOf(both, [['x, "y"\nz', 1], [null, undefined], ['', false]])).toBe('text,amount\n"x, ""y""\nz",1\n,\n,false\n')); // prettier-ignore

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '＝1'])('takes no formula of a text: %j', (text) =>
    expect(csvOf(both, [[text, 1]])).toBe(`text,amount\n'${text},1\n`),
  );

  it('leaves a number below zero a number, as a decimal text too', () =>
    expect(csvOf(both, [['x', -2], ['y', '-1200.50']])).toBe('text,amount\nx,-2\ny,-1200.50\n')); // prettier-ignore

  it('quotes a line end of another kind than its own', () =>
    expect(csvOf(both, [['a\nb', 1]], { eol: '\r\n' })).toBe('text,amount\r\n"a\nb",1\r\n'));

  it('goes on without a header, and names its columns where there is no record', () => {
    expect(csvOf(both, [['x', 1]], { header: false })).toBe('x,1\n');
    expect([csvOf(both, []), csvOf(both, [], { header: false })]).toEqual(['text,amount\n', '']);
    expect(csvOf(both, [], { bom: true })).toBe('\ufefftext,amount\n');
  });
});

const tables = [
  ...projections.flatMap(({ name, formats = {} }) =>
    Object.values(formats).flatMap((format) => (format.type === 'text/csv' ? [[name, format.columns] as const] : [])),
  ),
  ['register of transfers', registerColumns],
  ['movement tables', movementColumns],
  ['decisions', decisionColumns],
  ['refusals', refusalColumns],
] as const;

describe('docs/csv.md', () => {
  const sections = new Map(
    readFileSync(join(import.meta.dirname, '../docs/csv.md'), 'utf8')
      .split('\n## ')
      .slice(1)
      .map((section) => [section.split('\n')[0]!, section]),
  );
  it.each(tables)('names the columns of %s in their order', (name, columns) => {
    const named = [...sections.get(name)!.matchAll(/^\| `(\w+)` +\|/gm)].map(([, column]) => column);
    expect(named).toEqual(columns.map(([column]) => column));
  });
  it('has no table beside them', () => expect([...sections.keys()]).toEqual(tables.map(([name]) => name)));
});
