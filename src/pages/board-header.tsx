import { showValue } from '../kernel/index.js';
import { partHtml } from './board-rows.js';
import { placeOf } from './next-dates.js';
import type { DutiesOf } from './deadlines.js';
import type { Found } from './read.js';
import type { BoardRow, ContractEntry, ProgrammeRow } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { Day, Name, numberText, some, Tile } from './words.js';

/** Parts of a total that are named, but for the last row, of which all are. */
const PARTS = 50;

/** The figures of a programme at a glance, each with a way to what it is made of. */
export const Header = ({
  row,
  rows,
  past,
  due,
  frame,
  today,
}: {
  readonly row: ProgrammeRow;
  readonly rows: readonly Found<BoardRow>[];
  /** Contracts that are past their end, and whether they are all. */
  readonly past: { readonly contracts: readonly ContractEntry[]; readonly isAll: boolean };
  readonly due: Pick<DutiesOf, 'rows' | 'hasNext'>;
  readonly frame: Frame;
  readonly today: string;
}) => {
  const { totals, losses, staff, headcountTargets, savings, portfolio, strategies, counts } = row;
  const isPast = past.contracts.length > 0;
  const coming = due.rows
    .map(({ row }) => row)
    .filter(({ latest }) => latest === null || latest >= today)
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const strategy = strategies.at(-1);
  const open = { warnings: counts['openWarnings'] ?? counts['warnings'] ?? 0, risks: counts['openRisks'] ?? counts['risks'] ?? 0 };
  return (
    <dl class="tiles">
      <Tile label={`${some(row.towers, 'tower')}, ${some(totals.towers.contracts, 'contract')}`} figure={plainTotal(totals.towers.text)}>
        <Parts rows={rows} group="towers" frame={frame} />
      </Tile>
      <Tile label={`Outside the towers, ${some(totals.outside.contracts, 'contract')}`} figure={plainTotal(totals.outside.text)}>
        <Parts rows={rows} group="outside" frame={frame} />
      </Tile>
      <Tile
        label="Past their end"
        figure={isPast || !past.isAll ? `${past.isAll ? '' : 'at least '}${some(past.contracts.length, 'contract')}` : 'none'}
        alert={isPast}
      >
        {past.contracts.slice(0, 3).map(({ contract, title }) => (
          <p>
            <a href={to(frame, places.contract(contract))}>
              <Name of={title} />
            </a>
          </p>
        ))}
      </Tile>
      <Tile label="Due next" figure={coming[0] ? <Day on={coming[0].due} /> : 'nothing with a day'}>
        {coming.slice(0, 2).map(({ what }) => (
          <p>
            <Name of={what} />
          </p>
        ))}
        {!due.hasNext && <p>of the duties that this page reads</p>}
        <p>
          <a href={to(frame, '/app/deadlines', { programme: row.programme })}>All deadlines</a>
        </p>
      </Tile>
      <Tile label="Losses that the authority bears, net" figure={losses.authority.net}>
        <p>
          gross {losses.authority.gross}, outstanding {losses.authority.outstanding}
        </p>
        <p>
          <a href={to(frame, '/app/losses', { programme: row.programme })}>All losses</a>
        </p>
      </Tile>
      <Tile label="Staff" figure={staff[0] ? staff[0].text : 'not counted'}>
        {staff[0] && (
          <p>
            {staff[0].employer}, {staff[0].function}
          </p>
        )}
        {headcountTargets.slice(0, 1).map(({ title, text }) => (
          <p>
            <Name of={title} />: {text}
          </p>
        ))}
      </Tile>
      <Tile
        label="Savings promised"
        figure={
          savings.targets[0]
            ? savings.targets[0].amount
              ? showValue(savings.targets[0].amount)
              : `${savings.targets[0].percent} %`
            : 'no target'
        }
      >
        {savings.targets.slice(0, 2).map(({ title, verified, percent, amount }) => (
          <p>
            <Name of={title} />
            {amount === undefined && percent !== undefined ? ` ${percent} %` : ''}: {verified} verified
          </p>
        ))}
      </Tile>
      <Tile label="Warnings and risks" figure={`${open.warnings} and ${open.risks} open`} alert={open.warnings + open.risks > 0}>
        <p>
          <a href="#warnings">Read them</a>
        </p>
        {portfolio && (
          <p>
            {some(portfolio.projects, 'project')}, <Day on={portfolio.on} />
          </p>
        )}
        {strategy?.reviewDue !== undefined && (
          <p>
            Strategy review due <Day on={strategy.reviewDue} />
          </p>
        )}
      </Tile>
      {row.faultedStreams > 0 && (
        <Tile label="Streams that cannot be read" figure={row.faultedStreams} alert>
          <p>
            <a href="/app/health">Health of the ledger</a>
          </p>
        </Tile>
      )}
    </dl>
  );
};

export const plainTotal = (text: string): string => text.replace('undisclosed', 'not disclosed');

/** A total opens into what it adds up. */
const Parts = ({ rows, group, frame }: { readonly rows: readonly Found<BoardRow>[]; readonly group: string; readonly frame: Frame }) => {
  let html = '';
  let [contracts, named] = [0, 0];
  for (const { row } of rows) {
    if (row.group !== group) continue;
    const shown = row.contracts?.length ?? 0;
    contracts += row.counts?.['contracts'] ?? shown;
    if (named >= PARTS) continue;
    html += partHtml(row, frame);
    named += shown;
  }
  if (contracts === 0) return null;
  return (
    <details>
      <summary>Its parts</summary>
      <ul dangerouslySetInnerHTML={{ __html: html }} />
      {contracts > named && <p>and {numberText(contracts - named)} more</p>}
    </details>
  );
};
