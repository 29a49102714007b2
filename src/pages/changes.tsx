import { render } from 'preact-render-to-string';
import { towerBoard } from '../../projections/tower-board.js';
import { addDays, dayOf, sameJson, showValue, type Value } from '../kernel/index.js';
import { badParameter } from '../http/problem.js';
import { dayIn } from '../http/request.js';
import { contractsOf, type OnBoard } from './board-contracts.js';
import { inTurns, type Read } from './read.js';
import { partiesOf, type BoardRow, type ContractEntry } from './rows.js';
import { address, places, to, type Frame, type Page, type Search } from './shell.js';
import { dateText, Day, Money, Name, Scroll, some, Tag, wordsOf } from './words.js';

/** Contracts of which the facts between the two days are listed. */
const EXPLAINED = 60;
const LISTED = 12;

export interface Difference {
  readonly contract: string;
  readonly title: string;
  readonly tower: string;
  readonly before: ContractEntry | undefined;
  readonly after: ContractEntry | undefined;
  readonly fields: readonly { readonly name: string; readonly was: unknown; readonly is: unknown }[];
}
const shownOf = (c: ContractEntry): Readonly<Record<string, unknown>> => ({
  stage: c.stage,
  supplier:
    partiesOf(c)
      .map(({ name }) => name)
      .join(', ') || 'none',
  ceiling: c.ceiling,
  ends: c.term.ends ?? 'unknown',
  'past its end': c.pastEndSince === null ? 'no' : 'yes',
  losses: c.losses.map(({ title, net, gross }) => `${title}: ${showValue(net ?? gross)}`).join('; ') || 'none',
  moved: c.people.moved.map(({ count, unit }) => `${count} ${unit}`).join(', ') || 'none',
  warnings: (c.counts['warnings'] ?? 0) + (c.counts['risks'] ?? 0),
});

/** What the board says otherwise at two times: contracts that came, went, or are shown otherwise. */
export const differencesOf = (before: ReadonlyMap<string, OnBoard>, after: ReadonlyMap<string, OnBoard>): readonly Difference[] => {
  const found: Difference[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(id), after.get(id)];
    const { entry, row } = (is ?? was)!;
    const tower = row.group === 'towers' ? row.title : 'Outside the towers';
    const [a, b] = [was ? shownOf(was.entry) : {}, is ? shownOf(is.entry) : {}];
    const fields =
      was && is ? Object.keys(b).flatMap((name) => (sameJson(a[name], b[name]) ? [] : [{ name, was: a[name], is: b[name] }])) : [];
    if (!was || !is || fields.length > 0)
      found.push({ contract: id, title: entry.title || id, tower, before: was?.entry, after: is?.entry, fields });
  }
  return found;
};

/** The board at two times, by the day of the acts or by what was known. @throws BadRequestError */
export const twoBoards = async (read: Read, programme: string, from: string, until: string, clock: string) => {
  const at = (day: string): Search =>
    clock === 'recorded'
      ? { recordedAt: day, effectiveOn: read.query['effectiveOn'] }
      : { effectiveOn: day, recordedAt: read.query['recordedAt'] };
  const [earlier, later] = [await read.elsewhere(at(from)), await read.elsewhere(at(until))];
  const a = await earlier.all<BoardRow>(towerBoard.name, { programme });
  const b = await later.all<BoardRow>(towerBoard.name, { programme });
  const [before, after] = [await contractsOf(earlier, a.rows), await contractsOf(later, b.rows)];
  return { earlier: before.contracts, later: after.contracts, isAll: a.isAll && b.isAll && before.isAll && after.isAll };
};

export const changesPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { programme, clock = 'effective' } = frame.query;
  const today = read.ledger.projector.today;
  const until = dayIn(frame.query, 'until') ?? today;
  const from = dayIn(frame.query, 'from') ?? addDays(until, -365);
  if (!['effective', 'recorded'].includes(clock)) throw badParameter('clock', 'must be effective or recorded');
  if (from > until) throw badParameter('from', 'must not be after until');
  const boards = programme === undefined ? undefined : await twoBoards(read, programme, from, until, clock);
  const found = boards ? differencesOf(boards.earlier, boards.later) : [];
  const facts = new Map<string, Awaited<ReturnType<typeof factsBetween>>>();
  for (const { contract } of found.slice(0, EXPLAINED)) facts.set(contract, await factsBetween(read, contract, from, until, clock));
  const lines = await differenceLines(found, frame, facts);
  return {
    title: 'What changed',
    clocks: false,
    programme,
    api:
      programme === undefined
        ? undefined
        : { json: address('/projections/tower-board', { programme, [clock === 'recorded' ? 'recordedAt' : 'effectiveOn']: until }) },
    body: (
      <>
        <h1>What changed between two days</h1>
        <form class="filters" method="get" action={frame.path}>
          <div>
            <label for="q-programme">Programme</label>
            <input id="q-programme" name="programme" value={programme ?? ''} required />
          </div>
          <div>
            <label for="q-from">From</label>
            <input id="q-from" name="from" type="date" value={from} />
          </div>
          <div>
            <label for="q-until">Until</label>
            <input id="q-until" name="until" type="date" value={until} />
          </div>
          <div>
            <label for="q-clock">Of</label>
            <select id="q-clock" name="clock">
              <option value="effective" selected={clock === 'effective'}>
                the days of the acts
              </option>
              <option value="recorded" selected={clock === 'recorded'}>
                what was known on these days
              </option>
            </select>
          </div>
          <button>Compare</button>
        </form>
        {boards && !boards.isAll && (
          <p class="banner warn">
            The board has more contracts than are compared here: of those that are not, some may be named as new or gone.
          </p>
        )}
        {programme === undefined ? (
          <p>Name a programme to compare its board on two days.</p>
        ) : (
          <>
            <p>
              {clock === 'recorded' ? 'What was known' : 'The board'} on <Day on={from} /> and on <Day on={until} />:{' '}
              {found.length === 0 ? 'nothing differs.' : `${some(found.length, 'contract')} differ${found.length === 1 ? 's' : ''}.`}
            </p>
            <Differences lines={lines} hasFacts />
          </>
        )}
      </>
    ),
  };
};

interface Because {
  readonly type: string;
  readonly on: string;
  readonly decision: string;
  readonly reference: string | undefined;
}
/** The facts of a contract that lie, or were recorded, between two days: what may have made the difference. */
const factsBetween = async (read: Read, contract: string, from: string, until: string, clock: string): Promise<readonly Because[]> => {
  const history = await read.history('contract', contract);
  const isBetween = (day: string) => day > from && day <= until;
  const [before, after] =
    clock === 'recorded' ? [undefined, undefined] : [new Set(history.asOf(from).entries), history.asOf(until).entries];
  const entries = after
    ? after.filter((entry) => !before.has(entry))
    : history.entries.filter(({ recorded }) => isBetween(dayOf(recorded.metadata.recordedAt, history.timeZone)));
  return entries.slice(-LISTED).map(({ recorded, effectiveOn, grounds }) => ({
    type: recorded.type,
    on: effectiveOn,
    decision: recorded.metadata.command.id,
    reference: grounds.authority?.reference,
  }));
};

const Line = ({
  of: { contract, title, tower, before, after, fields },
  facts,
  frame,
}: {
  readonly of: Difference;
  readonly facts: ReadonlyMap<string, readonly Because[]> | undefined;
  readonly frame: Frame;
}) => (
  <tr>
    <th scope="row">
      <a href={to(frame, places.contract(contract))}>
        <Name of={title} />
      </a>
      <p class="small quiet">
        <Name of={tower} />
      </p>
    </th>
    <td data-label="What differs">
      {!before && (
        <>
          <span class="tag good">new</span> <Tag of={after!.stage} /> <Money of={after!.ceiling} />,{' '}
          {partiesOf(after!)
            .map(({ name }) => name)
            .join(', ') || 'no supplier yet'}
        </>
      )}
      {!after && <span class="tag bad">not there any more</span>}
      {fields.map(({ name, was, is }) => (
        <p>
          {wordsOf(name)}:{' '}
          <span class="was">
            <span class="hidden">was </span>
            <Said name={name} of={was} />
          </span>{' '}
          →{' '}
          <b>
            <Said name={name} of={is} />
          </b>
        </p>
      ))}
    </td>
    {facts && (
      <td data-label="What happened">
        <ul>
          {(facts.get(contract) ?? []).map(({ type, on, decision, reference }) => (
            <li>
              <a href={places.decision(decision)}>{wordsOf(type)}</a>{' '}
              <span class="small quiet">
                <Day on={on} />
                {reference !== undefined && (
                  <>
                    , <Name of={reference} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      </td>
    )}
  </tr>
);
/** The HTML of the differences: of a whole programme there may be hundreds. */
export const differenceLines = (
  of: readonly Difference[],
  frame: Frame,
  facts?: ReadonlyMap<string, readonly Because[]>,
): Promise<string> => inTurns(of, (one) => render(<Line of={one} facts={facts} frame={frame} />));
/** What differs, as a table, unless nothing does. */
export const Differences = ({ lines, hasFacts = false }: { readonly lines: string; readonly hasFacts?: boolean }) =>
  lines === '' ? null : (
    <Scroll label="Differences">
      <table class="cards">
        <caption class="hidden">What differs, contract by contract</caption>
        <thead>
          <tr>
            <th scope="col">Contract</th>
            <th scope="col">What differs</th>
            {hasFacts && <th scope="col">What happened</th>}
          </tr>
        </thead>
        <tbody dangerouslySetInnerHTML={{ __html: lines }} />
      </table>
    </Scroll>
  );
const Said = ({ name, of }: { readonly name: string; readonly of: unknown }) =>
  name === 'ceiling' ? (
    <Money of={of as Value} />
  ) : name === 'stage' ? (
    <>{wordsOf(String(of))}</>
  ) : name === 'ends' ? (
    <>{dateText(String(of))}</>
  ) : (
    <Name of={String(of)} />
  );
