import { deadlines } from '../../projections/deadlines.js';
import { towerBoard } from '../../projections/tower-board.js';
import { dayIn } from '../http/request.js';
import { addDays } from '../kernel/index.js';
import { contractsOf } from './board-contracts.js';
import { NewestNoted } from './board-notes.js';
import { Ceiling, Suppliers } from './parties.js';
import { differenceLines, Differences, differencesOf, twoBoards } from './changes.js';
import { AllDeadlines, Duties, DUTY_PAGES, linesOf } from './deadlines.js';
import { inTurns, type Read } from './read.js';
import { render } from 'preact-render-to-string';
import type { BoardRow, ContractEntry, Duty, ProgrammeRow } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { CountedFrom, Day, Instant, Money, Name, Pairs, some, Tag, termText, Text, wordsOf } from './words.js';

/** Contracts of a pack at most: beyond, the board names how many there are. */
const CONTRACTS = 100;

/** All towers on paper: the board in short, what changed since the last one, what is due, and a part for each contract. */
export const packPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const head = await read.mustHave<ProgrammeRow>(towerBoard.name, `programme:${id}`, id);
  const { rows, isAll } = await read.all<BoardRow>(towerBoard.name, { programme: id }, 3);
  const day = read.today;
  const since = dayIn(frame.query, 'since') ?? addDays(day, -91);
  const boards = await twoBoards(read, id, since, day, 'effective');
  const changed = differencesOf(boards.earlier, boards.later);
  const soon = addDays(day, 183);
  const due = await read.all<Duty>(deadlines.name, { programme: id, dueBy: soon }, DUTY_PAGES);
  const duties = due.rows.map(({ row }) => row);
  const differences = await differenceLines(changed, frame);
  const lines = await linesOf(duties, frame, day);
  const held = await contractsOf(read, rows);
  const contracts = [...held.contracts.values()];
  const parts = await inTurns(contracts.slice(0, CONTRACTS), ({ row, entry }) => render(<Part row={row} c={entry} frame={frame} />));
  const { totals, losses } = head.row;
  return {
    title: `Board pack of ${head.row.title}`,
    programme: id,
    api: { json: address('/projections/tower-board', { programme: id, ...clocksOf(frame.query) }) },
    body: (
      <>
        <p class="crumbs noprint">
          <a href={to(frame, places.board(id))}>Board</a>
        </p>
        <h1>
          Board pack: <Name of={head.row.title} />
        </h1>
        <p>
          <Name of={head.row.authority} />, <Day on={day} />
          {frame.asOf.recordedAt !== undefined && (
            <>
              , as known on <Instant at={frame.asOf.recordedAt} zone={frame.timeZone} />
            </>
          )}
        </p>
        <form class="filters noprint" method="get" action={frame.path}>
          <div>
            <label for="since">The last board was on</label>
            <input id="since" name="since" type="date" value={since} />
          </div>
          {frame.query['effectiveOn'] !== undefined && <input type="hidden" name="effectiveOn" value={frame.query['effectiveOn']} />}
          <button>Show</button>
        </form>
        <Pairs
          of={[
            [`Towers (${some(totals.towers.contracts, 'contract')})`, totals.towers.text.replace('undisclosed', 'not disclosed')],
            [
              `Outside the towers (${some(totals.outside.contracts, 'contract')})`,
              totals.outside.text.replace('undisclosed', 'not disclosed'),
            ],
            [
              'Losses of the authority',
              `${losses.authority.net} net, ${losses.authority.gross} gross, ${losses.authority.outstanding} outstanding`,
            ],
            [
              'Past their end',
              `${held.isAll && isAll ? '' : 'at least '}${some(contracts.filter(({ entry }) => entry.pastEndSince !== null).length, 'contract')}`,
            ],
            ['Warnings and risks', `${head.row.counts['warnings'] ?? 0} and ${head.row.counts['risks'] ?? 0}`],
          ]}
        />
        <h2>
          Since the last board, <Day on={since} />
        </h2>
        {changed.length === 0 ? <p>Nothing on the board differs.</p> : <Differences lines={differences} />}
        <h2>Due in the next six months</h2>
        {duties.length === 0 ? <p>Nothing with a day.</p> : <Duties of={duties} lines={lines} />}
        {!due.isAll && (
          <p class="banner warn">
            There are more duties than this pack holds: <AllDeadlines programme={id} frame={frame} />
          </p>
        )}
        <h2>Warnings and risks</h2>
        <ul>
          {[...head.row.warnings, ...head.row.risks].map(({ summary, on }) => (
            <li>
              <Text of={summary} />{' '}
              <span class="quiet small">
                <Day on={on} />
              </span>
            </li>
          ))}
        </ul>
        <NewestNoted row={head.row} frame={frame} />
        <div class="sheet" dangerouslySetInnerHTML={{ __html: parts }} />
        {(!isAll || !held.isAll || contracts.length > CONTRACTS) && (
          <p class="banner warn">There are more contracts than this pack holds.</p>
        )}
      </>
    ),
  };
};

const Part = ({ row, c, frame }: { readonly row: BoardRow; readonly c: ContractEntry; readonly frame: Frame }) => (
  <section class="part">
    <h2>
      {row.group === 'towers' && (
        <>
          <Name of={row.title} />:{' '}
        </>
      )}
      <a href={to(frame, places.contract(c.contract))}>
        <Name of={c.title} />
      </a>{' '}
      <Tag of={c.stage} />
    </h2>
    <Pairs
      of={[
        ['Supplier', <Suppliers of={c} frame={frame} />],
        ['Ceiling', <Ceiling of={c} />],
        [
          'Term',
          <>
            {c.term.months === undefined ? 'unknown' : termText(c.term.months)}
            {c.term.ends !== null && (
              <>
                , {c.pastEndSince === null ? 'ends' : 'ended'} <Day on={c.term.ends} />
                <CountedFrom basis={c.term.endBasis} />
              </>
            )}
          </>,
        ],
        c.changes.length > 0 && [
          'Changes',
          <ul>
            {c.changes.map(({ kind, to: value, on, reference }) => (
              <li>
                {wordsOf(kind)}
                {value && (
                  <>
                    {' to '}
                    <Money of={value} />
                  </>
                )}
                , <Day on={on} />
                {reference !== undefined && (
                  <>
                    , <bdi>{reference}</bdi>
                  </>
                )}
              </li>
            ))}
          </ul>,
        ],
        c.losses.length > 0 && [
          'Losses',
          <ul>
            {c.losses.map(({ title, net, gross }) => (
              <li>
                <Name of={title} />: <Money of={net ?? gross} />
              </li>
            ))}
          </ul>,
        ],
        c.findings.length > 0 && [
          'Findings',
          <ul>
            {c.findings.map(({ text }) => (
              <li>
                <Text of={text} />
              </li>
            ))}
          </ul>,
        ],
        c.trail.lastDecision && [
          'Last decision',
          <>
            {wordsOf(c.trail.lastDecision.command)}, <Day on={c.trail.lastDecision.on} />
            {c.trail.lastDecision.reference !== null && (
              <>
                , <bdi>{c.trail.lastDecision.reference}</bdi>
              </>
            )}
          </>,
        ],
      ]}
    />
  </section>
);
