import { render } from 'preact-render-to-string';
import { deadlines } from '../../projections/deadlines.js';
import { towerBoard } from '../../projections/tower-board.js';
import { isAmount, showValue } from '../kernel/index.js';
import { Spark } from './chart.js';
import { inTurns, type Found, type Read } from './read.js';
import { partiesOf, type BoardRow, type ContractEntry, type Duty, type ProgrammeRow, type Trail } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { CountedFrom, Day, Money, Name, numberText, Scroll, some, Tag, termText, Text, Tile, wordsOf } from './words.js';

/** Duties of a programme that are read for the next dates, in pages of 100. */
const DUTY_PAGES = 5;
/** Parts of a total that are named, but for the last row, of which all are. */
const PARTS = 50;

/** The board of one programme: everything that a board member asks of it, on one screen. */
export const boardPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const [head, page, duties] = await Promise.all([
    read.mustHave<ProgrammeRow>(towerBoard.name, `programme:${id}`, id),
    read.rows<BoardRow>(towerBoard.name, { programme: id }),
    read.all<Duty>(deadlines.name, { programme: id, dated: 'true' }, DUTY_PAGES),
  ]);
  const rows = page.rows.filter(({ row }) => row.group !== 'programme');
  const next = nextDates(duties.rows, read.today);
  const groups = [
    { group: 'towers', title: 'Towers', total: head.row.totals.towers.text },
    { group: 'outside', title: 'Outside the towers', total: head.row.totals.outside.text },
    { group: 'elsewhere', title: 'Borne by others', total: undefined },
  ].map((one) => ({ ...one, rows: rows.filter(({ row }) => row.group === one.group) }));
  const bodies = new Map<string, string>();
  for (const { group, rows } of groups) bodies.set(group, await inTurns(rows, (row) => rowHtml(row, frame, next)));
  const query = { programme: id, ...clocksOf(frame.query) };
  return {
    title: `Board of ${head.row.title}`,
    programme: id,
    api: { json: address('/projections/tower-board', query), csv: address('/projections/contract-register', { ...query, format: 'csv' }) },
    body: (
      <>
        <h1>
          <Name of={head.row.title} />
        </h1>
        <p class="quiet">
          <Name of={head.row.authority} />
          {' · '}
          <a href={to(frame, `/app/programmes/${id}/pack`)}>Board pack for printing</a>
          {' · '}
          <a href={to(frame, '/app/changes', { programme: id })}>What changed</a>
        </p>
        <Header row={head.row} rows={rows} due={duties.rows} frame={frame} today={read.today} />
        {rows.length === 0 ? (
          <p>
            No tower and no contract is recorded {read.day === undefined ? 'yet' : 'up to that day'}.{' '}
            {frame.mayCommand && <a href={`/app/towers/-/plan-tower?programme=${id}`}>Plan a tower</a>}
          </p>
        ) : (
          <Scroll label="Towers and contracts">
            <table class="board cards">
              <caption class="hidden">Towers and contracts of {head.row.title}</caption>
              <thead>
                <tr>
                  <th scope="col">Tower</th>
                  <th scope="col">Contract and supplier</th>
                  <th scope="col">Ceiling</th>
                  <th scope="col">Term and end</th>
                  <th scope="col">Next date</th>
                  <th scope="col">People and losses</th>
                  <th scope="col">Last decision</th>
                </tr>
              </thead>
              {groups.map(
                ({ group, title, total, rows }) =>
                  rows.length > 0 && (
                    <>
                      <tbody>
                        <tr class="group">
                          <th scope="rowgroup" colSpan={7}>
                            {title}
                            {total !== undefined && <span class="quiet small"> {plainTotal(total)}</span>}
                          </th>
                        </tr>
                      </tbody>
                      <tbody dangerouslySetInnerHTML={{ __html: bodies.get(group)! }} />
                    </>
                  ),
              )}
            </table>
          </Scroll>
        )}
        <More frame={frame} next={page.next} of={some(rows.length, 'row')} />
        <Notes row={head.row} frame={frame} />
      </>
    ),
  };
};

/** The way to the next page, where there is one. */
export const More = ({ frame, next, of }: { readonly frame: Frame; readonly next?: string | undefined; readonly of: string }) =>
  next === undefined && frame.query['cursor'] === undefined ? null : (
    <nav class="more" aria-label="Pages of the list">
      <span class="quiet">{of} on this page</span>
      {frame.query['cursor'] !== undefined && <a href={address(frame.path, { ...frame.query, cursor: undefined })}>First page</a>}
      {next !== undefined && (
        <a rel="next" href={address(frame.path, { ...frame.query, cursor: next })}>
          Next page
        </a>
      )}
    </nav>
  );

type Next = ReadonlyMap<string, Duty>;
/** Contract → what is due next on or after a day; without that, nothing. */
const nextDates = (duties: readonly Found<Duty>[], today: string): Next => {
  const next = new Map<string, Duty>();
  for (const { row } of duties) {
    if (row.contract === null || (row.latest !== null && row.latest < today)) continue;
    const known = next.get(row.contract);
    if (!known || placeOf(row) < placeOf(known)) next.set(row.contract, row);
  }
  return next;
};
const placeOf = ({ earliest, latest }: Duty): string => earliest ?? latest ?? '9999';

const Header = ({
  row,
  rows,
  due,
  frame,
  today,
}: {
  readonly row: ProgrammeRow;
  readonly rows: readonly Found<BoardRow>[];
  readonly due: readonly Found<Duty>[];
  readonly frame: Frame;
  readonly today: string;
}) => {
  const { totals, losses, staff, headcountTargets, savings, portfolio, strategies, counts } = row;
  const past = rows.flatMap(({ row }) => row.contracts ?? []).filter(({ pastEndSince }) => pastEndSince !== null);
  const coming = due
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
      <Tile label="Past their end" figure={past.length === 0 ? 'none' : some(past.length, 'contract')} alert={past.length > 0}>
        {past.slice(0, 3).map(({ contract, title }) => (
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

const plainTotal = (text: string): string => text.replace('undisclosed', 'not disclosed');

/** A total opens into what it adds up. */
const Parts = ({ rows, group, frame }: { readonly rows: readonly Found<BoardRow>[]; readonly group: string; readonly frame: Frame }) => {
  let html = '';
  let [contracts, named] = [0, 0];
  for (const { row } of rows) {
    if (row.group !== group) continue;
    contracts += row.contracts?.length ?? 0;
    if (named >= PARTS) continue;
    html += partHtml(row, frame);
    named = contracts;
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
const Part = ({ of, frame }: { readonly of: BoardRow; readonly frame: Frame }) => (
  <>
    {of.contracts?.map(({ contract, title, ceiling }) => (
      <li>
        <a href={to(frame, places.contract(contract))}>
          <Name of={title} />
        </a>{' '}
        <Money of={ceiling} />
      </li>
    ))}
  </>
);

/** Rows are kept as objects while they stay the same: their HTML is made once for what else it depends on, and is freed with them. */
type Made = WeakMap<object, { readonly place: string; readonly html: string }>;
const [lines, parts]: readonly [Made, Made] = [new WeakMap(), new WeakMap()];
const once = (made: Made, row: object, place: string, html: () => string): string => {
  const known = made.get(row);
  if (known?.place === place) return known.html;
  const one = { place, html: html() };
  made.set(row, one);
  return one.html;
};
const rowHtml = ({ row, uncertain }: Found<BoardRow>, frame: Frame, next: Next): string => {
  const dates = (row.contracts ?? []).map(({ contract }) => next.get(contract)?.due).join(' ');
  const place = `${to(frame, '')} ${dates} ${uncertain ? uncertain.counts.inside : ''}`;
  return once(lines, row, place, () => render(<Lines row={row} uncertain={uncertain} frame={frame} next={next} />));
};
const partHtml = (row: BoardRow, frame: Frame): string => once(parts, row, to(frame, ''), () => render(<Part of={row} frame={frame} />));

const Lines = ({
  row,
  uncertain,
  frame,
  next,
}: {
  readonly row: BoardRow;
  readonly uncertain: Found<BoardRow>['uncertain'];
  readonly frame: Frame;
  readonly next: Next;
}) => {
  if (row.group === 'elsewhere') return <Elsewhere row={row} frame={frame} />;
  const contracts = row.contracts ?? [];
  const more = (row.counts?.['contracts'] ?? contracts.length) - contracts.length;
  const first = (
    <>
      {row.group === 'towers' ? <Name of={row.title} /> : <span class="quiet">Outside</span>} <br />
      <Tag of={row.stage} />
      {row.stageOf === 'incumbent' && <span class="quiet small"> by who serves it now</span>}
      {(row.needs?.length ?? 0) > 0 && <p class="small quiet">needs {row.needs?.map(({ tower }) => tower).join(', ')}</p>}
      {uncertain && (
        <p class="small quiet" title="Facts of uncertain days lie on either side of the day">
          ≈ {some(uncertain.counts.inside + uncertain.counts.leftOut, 'fact')} of an uncertain day
        </p>
      )}
      {more > 0 && (
        <p class="small">
          <a href={to(frame, '/app/contracts', { tower: row.tower })}>and {some(more, 'more contract')}</a>
        </p>
      )}
    </>
  );
  if (contracts.length === 0)
    return (
      <tr>
        <th scope="row" class="tower">
          {first}
        </th>
        <td colSpan={6} class="quiet">
          no contract
        </td>
      </tr>
    );
  return (
    <>
      {contracts.map((entry, i) => (
        <tr>
          {i === 0 ? (
            <th scope="row" class="tower">
              {first}
            </th>
          ) : (
            <th scope="row" class="tower again small">
              <Name of={row.title} />
            </th>
          )}
          <Cells entry={entry} frame={frame} due={next.get(entry.contract)} isSame={row.stage === entry.stage && contracts.length === 1} />
        </tr>
      ))}
    </>
  );
};

const Cells = ({
  entry: c,
  frame,
  due,
  isSame,
}: {
  readonly entry: ContractEntry;
  readonly frame: Frame;
  readonly due: Duty | undefined;
  readonly isSame: boolean;
}) => (
  <>
    <td class="who-with" data-label="Contract">
      <a href={to(frame, places.contract(c.contract))}>
        <Name of={c.title} />
      </a>
      {!isSame && (
        <>
          {' '}
          <Tag of={c.stage} />
        </>
      )}
      <p class="small">
        <Suppliers of={c} frame={frame} />
      </p>
      <Marks entry={c} />
    </td>
    <td data-label="Ceiling">
      <Ceiling of={c} />
    </td>
    <td data-label="Term and end">
      {c.term.months !== undefined && <span>{termText(c.term.months)}</span>}
      <p>
        {c.term.ends === null ? (
          <span class="missing unknown">end unknown</span>
        ) : (
          <>
            {c.pastEndSince === null ? 'ends' : 'ended'} <Day on={c.term.ends} />
            <CountedFrom basis={c.term.endBasis} />
          </>
        )}
      </p>
      {c.pastEndSince !== null && <span class="tag bad">past its end</span>}
      {c.term.latestEnd !== null && c.term.latestEnd !== c.term.ends && (
        <p class="small quiet">
          latest <Day on={c.term.latestEnd} />
        </p>
      )}
    </td>
    <td data-label="Next date">
      {due ? (
        <>
          <Day on={due.due} />
          <p class="small quiet">{wordsOf(due.kind)}</p>
        </>
      ) : (
        <span class="quiet nil">–</span>
      )}
    </td>
    <td data-label="People and losses">
      {c.people.moved.length > 0 && <p>{c.people.moved.map(headcount).join(', ')} moved</p>}
      {c.people.planned.length > 0 && <p>{c.people.planned.map(headcount).join(', ')} planned</p>}
      {c.losses.map((loss) => (
        <p>
          <a href={to(frame, places.loss(loss.loss))}>
            <Money of={loss.net ?? loss.gross} />
          </a>{' '}
          <span class="small quiet">
            {loss.net === null ? 'gross loss' : 'net loss'}, {loss.bearer}
          </span>
        </p>
      ))}
      {c.people.moved.length + c.people.planned.length + c.losses.length === 0 && <span class="quiet nil">–</span>}
    </td>
    <td data-label="Last decision">
      {c.trail.lastDecision ? (
        <>
          <a href={to(frame, places.decision(c.trail.lastDecision.decision))}>{wordsOf(c.trail.lastDecision.command)}</a>
          <p class="small quiet">
            <Day on={c.trail.lastDecision.on} />
            {c.trail.lastDecision.reference !== null && (
              <>
                , <bdi>{c.trail.lastDecision.reference}</bdi>
              </>
            )}
          </p>
        </>
      ) : (
        <span class="quiet nil">–</span>
      )}
    </td>
  </>
);
const headcount = ({ count, qualifier, unit }: ContractEntry['people']['moved'][number]): string =>
  `${qualifier && qualifier !== 'exact' ? `${qualifier.replace('-', ' ')} ` : ''}${count} ${unit}`;

export const Suppliers = ({ of, frame }: { readonly of: Pick<ContractEntry, 'suppliers' | 'becomes'>; readonly frame: Frame }) => {
  const parties = partiesOf(of);
  if (parties.length === 0) return <span class="quiet">no supplier yet</span>;
  return (
    <>
      {parties.map(({ id, name, part }, i) => (
        <>
          {i > 0 && ', '}
          <a href={to(frame, places.supplier(id))}>
            <Name of={name} />
          </a>
          {part !== undefined && ` (${part})`}
        </>
      ))}
      {of.becomes && (
        <>
          {' '}
          (becomes{' '}
          {partiesOf(of.becomes)
            .map(({ name }) => name)
            .join(', ')}{' '}
          on <Day on={of.becomes.on} />)
        </>
      )}
    </>
  );
};

export const Ceiling = ({ of: c }: { readonly of: Pick<ContractEntry, 'original' | 'ceiling' | 'cumulative' | 'changes' | 'perYear'> }) => {
  const isSame = JSON.stringify(c.original) === JSON.stringify(c.ceiling);
  const values = [c.original, ...c.changes.flatMap(({ to }) => (to ? [to] : []))];
  return (
    <>
      {!isSame && (
        <span class="quiet">
          <Money of={c.original} /> →{' '}
        </span>
      )}
      <strong>
        <Money of={c.ceiling} />
      </strong>
      {!isSame && isAmount(c.ceiling) && c.cumulative !== null && (
        <p class="small">{c.cumulative.startsWith('-') ? `−${c.cumulative.slice(1)}` : `+${c.cumulative}`} over the original</p>
      )}
      <Spark values={values} />
      {isSame && c.perYear && isAmount(c.perYear) && (
        <p class="small quiet">
          <Money of={c.perYear} /> a year
        </p>
      )}
    </>
  );
};

/** What a reader should know before trusting the line. */
const marksOf = ({ claims, corrections, daysLate, evidence, assessed }: Trail): readonly (readonly [text: string, tone: string])[] => [
  ...(claims.length > 0 ? [[some(claims.length, 'claim') + ' against it', 'warn'] as const] : []),
  ...assessed
    .slice(0, 2)
    .map(({ result }) => [result === 'waived' ? 'a rule waived' : 'a rule not met', result === 'waived' ? 'warn' : 'bad'] as const),
  ...(corrections > 0 ? [['corrected', ''] as const] : []),
  ...(daysLate > 365 ? [[`recorded ${Math.floor(daysLate / 365)} years late`, 'off'] as const] : []),
  ...(evidence === null ? [['no evidence', 'warn'] as const] : evidence === 'primary' ? [] : [[`${evidence} evidence`, 'off'] as const]),
];
const Marks = ({ entry }: { readonly entry: ContractEntry }) => {
  const { openWarnings: warnings = 0, openRisks: risks = 0 } = entry.counts;
  const marks = [
    ...(warnings + risks > 0 ? [[some(warnings + risks, 'open warning or risk', 'open warnings and risks'), 'warn'] as const] : []),
    ...entry.findings.slice(0, 2).map(({ text }) => [text.length > 60 ? 'finding' : text, 'warn'] as const),
    ...marksOf(entry.trail),
  ];
  if (marks.length === 0) return null;
  return (
    <ul class="marks">
      {marks.map(([text, tone]) => (
        <li class={`tag ${tone}`}>{text}</li>
      ))}
    </ul>
  );
};

const Elsewhere = ({ row, frame }: { readonly row: BoardRow; readonly frame: Frame }) => (
  <tr>
    <th scope="row" class="tower">
      <Name of={row.elsewhere?.authority} />
      {row.elsewhere?.programme !== undefined && (
        <p class="small quiet">
          <Name of={row.elsewhere.programme} />
        </p>
      )}
    </th>
    <td colSpan={6} class="who-with">
      <a href={to(frame, places.loss(row.loss ?? ''))}>
        <Name of={row.title} />
      </a>
      : <Money of={row.net ?? row.gross} /> {row.net == null ? 'gross' : 'net'}
      {row.supplierName != null && (
        <>
          , <Name of={row.supplierName} />
        </>
      )}
      <p class="small quiet">In no total of this programme.</p>
    </td>
  </tr>
);

const Notes = ({ row, frame }: { readonly row: ProgrammeRow; readonly frame: Frame }) => (
  <div class="columns" id="warnings">
    <section>
      <h2>Warnings and risks</h2>
      {row.warnings.length + row.risks.length === 0 && <p class="quiet">None is recorded.</p>}
      <ul class="line">
        {[...row.warnings, ...row.risks].map(({ summary, by, on, warning, source, answers, closed }) => (
          <li>
            <Text of={summary} />
            <div class="when">
              {warning === undefined ? 'Risk' : 'Warning'}
              {closed != null && ', closed'}
              {(answers?.length ?? 0) > 0 && ', answered'}
              {by !== undefined && (
                <>
                  {' '}
                  by <Name of={by} />
                </>
              )}
              , <Day on={on} />
              {source?.title !== undefined && (
                <>
                  {' · '}
                  <Name of={source.title} />
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
    <section>
      <h2>Strategy, targets and policy</h2>
      <ul>
        {row.strategies.map(({ title, published, reviewDue }) => (
          <li>
            Strategy <Name of={title} />
            {published !== undefined && (
              <>
                , published <Day on={published} />
              </>
            )}
            {reviewDue !== undefined && (
              <>
                , review due <Day on={reviewDue} />
              </>
            )}
          </li>
        ))}
        {row.savings.targets.map(({ title, recorded, verified }) => (
          <li>
            <Name of={title} />: {recorded} recorded, {verified} verified
          </li>
        ))}
        {row.headcountTargets.map(({ title, text }) => (
          <li>
            <Name of={title} />: {text}
          </li>
        ))}
        {(row.budgets ?? [])
          .filter(({ counts }) => counts)
          .map(({ year, kind, amount }) => (
            <li>
              Budget {year}, {kind}: <Money of={amount} />
            </li>
          ))}
        {row.policies.map(({ title, version, inForceFrom }) => (
          <li>
            <Name of={title} /> ({version}), in force from <Day on={inForceFrom} />
          </li>
        ))}
      </ul>
      {frame.mayCommand && (
        <p class="noprint">
          <a href={`/app/programmes/${row.programme}`}>Record something about the programme</a>
        </p>
      )}
    </section>
  </div>
);
