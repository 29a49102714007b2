import { render } from 'preact-render-to-string';
import type { Next } from './next-dates.js';
import { Ceiling, Suppliers } from './parties.js';
import type { Found } from './read.js';
import type { BoardRow, ContractEntry, Duty, Trail } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { CountedFrom, Day, headcountText, Money, Name, some, Tag, termText, wordsOf } from './words.js';

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
/** A row of the board. */
export const rowHtml = ({ row, uncertain }: Found<BoardRow>, frame: Frame, next: Next): string => {
  const dates = (row.contracts ?? []).map(({ contract }) => next.get(contract)?.due).join(' ');
  const place = `${to(frame, '')} ${dates} ${uncertain ? uncertain.counts.inside : ''}`;
  return once(lines, row, place, () => render(<Lines row={row} uncertain={uncertain} frame={frame} next={next} />));
};
/** The contracts of a row, as parts of a total. */
export const partHtml = (row: BoardRow, frame: Frame): string =>
  once(parts, row, to(frame, ''), () => render(<Part of={row} frame={frame} />));

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
          {row.predecessors?.map((one) => (
            <>
              , also of <a href={to(frame, '/app/contracts', { tower: one.tower })}>{one.title}</a>
            </>
          ))}
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
      {c.people.moved.length > 0 && <p>{c.people.moved.map(headcountText).join(', ')} moved</p>}
      {c.people.planned.length > 0 && <p>{c.people.planned.map(headcountText).join(', ')} planned</p>}
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
