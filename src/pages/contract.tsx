import { accountBoard } from '../../projections/accounts.js';
import { contractRegister } from '../../projections/contract-register.js';
import { deadlines } from '../../projections/deadlines.js';
import { towerBoard } from '../../projections/tower-board.js';
import { historyPage, type entryViews } from '../engine/audit/audit.js';
import { GoneError, NotFoundError } from '../http/problem.js';
import { changeFigures, type Headcount, type Value } from '../kernel/index.js';
import { Steps } from './chart.js';
import { Suppliers } from './board.js';
import { CommandLinks } from './commands.js';
import { Evidences, lateText } from './grounds.js';
import type { Found, Read } from './read.js';
import type { Change, ContractEntry, Duty, Figures, LossLine, Noted } from './rows.js';
import { Spend, type AccountRow } from './spend.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import {
  CountedFrom,
  Day,
  Exact,
  Fields,
  Instant,
  Money,
  Name,
  Pairs,
  percentText,
  placeText,
  Scroll,
  some,
  Source,
  Tag,
  termText,
  Text,
  Value_,
  wordsOf,
} from './words.js';

/** A row of the register, as far as it is shown. */
interface Registered extends ContractEntry {
  readonly vat: string;
  readonly ends: string | null;
  readonly endBasis: string | null;
  readonly dates: Readonly<Record<string, string>>;
  readonly breaks: readonly unknown[];
  readonly regime?: string;
  readonly kind?: string;
  readonly framework?: unknown;
  readonly lots?: readonly unknown[];
}

/** Facts of the time line on one page. */
const FACTS = 50;

export const contractPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const key = `contract:${id}`;
  const [found, history] = await Promise.all([read.row<Registered>(contractRegister.name, key), read.history('contract', id)]);
  if (!found) {
    if (history.revision === -1) throw new NotFoundError(`No contract ${id.slice(0, 80)} is recorded.`);
    if (history.entries.length === 0)
      throw new GoneError(
        history.duplicateOf === undefined
          ? `All that was recorded of contract ${id} has been withdrawn.`
          : `Contract ${id} is a duplicate of ${history.duplicateOf}, which is kept.`,
        history.duplicateOf === undefined ? undefined : { id: history.duplicateOf, href: places.contract(history.duplicateOf) },
      );
    throw new NotFoundError(`Contract ${id} was not there on that day.`);
  }
  const { row: c } = found;
  const [account, losses, warnings, risks, plans, transfers, supplies, due] = await Promise.all([
    read.row<AccountRow>(accountBoard.name, `account:${id}`, c.programme ?? undefined),
    read.list<LossLine>(towerBoard.name, key, 'losses'),
    read.list<Noted>(towerBoard.name, key, 'warnings'),
    read.list<Noted>(towerBoard.name, key, 'risks'),
    read.list<Headcount>(towerBoard.name, key, 'plans'),
    read.list<Headcount>(towerBoard.name, key, 'transfers'),
    read.list<Supply>(contractRegister.name, key, 'suppliers'),
    read.all<Duty>(deadlines.name, { contract: id, programme: c.programme ?? undefined }, 1),
  ]);
  const from = Number(/^\d{1,6}$/.exec(frame.query['from'] ?? '')?.[0] ?? 0);
  const facts = await historyPage(history, from, FACTS);
  const inView = read.day === undefined ? undefined : new Set(history.asOf(read.day).entries.map(({ recorded }) => recorded.id));
  const query = clocksOf(frame.query);
  return {
    title: c.title || id,
    programme: c.programme ?? undefined,
    days: daysOf(history.entries.map(({ effectiveOn }) => effectiveOn)),
    api: { json: address(`/contracts/${id}`, query) },
    body: (
      <>
        {c.programme !== null && c.programme !== undefined && (
          <p class="crumbs">
            <a href={to(frame, places.board(c.programme))}>
              Board of <bdi>{c.programme}</bdi>
            </a>
          </p>
        )}
        <h1>
          <Name of={c.title || id} />
        </h1>
        <p>
          <Tag of={c.stage} /> {c.pastEndSince !== null && <span class="tag bad">past its end</span>} <span class="id quiet">{id}</span>
        </p>
        <Uncertainty found={found} />
        <div class="columns">
          <div>
            <Summary c={c} supplies={supplies} frame={frame} />
            <Money_ c={c} id={id} frame={frame} />
            <Spend of={account?.row} />
          </div>
          <div>
            <h2>Next dates</h2>
            <Dates due={due.rows} />
            <h2>People</h2>
            <Heads label="moved" of={transfers} />
            <Heads label="planned to move" of={plans} />
            {plans.length + transfers.length === 0 && <p class="quiet">Nothing is recorded.</p>}
            <h2>Losses</h2>
            <Losses of={losses} frame={frame} />
            <h2>Warnings, risks and findings</h2>
            <NotedList of={[...warnings, ...risks]} findings={c.findings ?? []} />
            <h2>Evidence and claims</h2>
            <Claims c={c} />
            {frame.mayCommand && (
              <>
                <h2 class="noprint">Record</h2>
                <CommandLinks category="contract" id={id} frame={frame} />
              </>
            )}
          </div>
        </div>
        <h2 id="history">What happened</h2>
        <p class="quiet small">In the order of the day of each act, not of its recording.</p>
        <Facts entries={facts.entries} frame={frame} inView={inView} path={places.contract(id)} />
        <nav class="more" aria-label="Pages of the history">
          {from > 0 && <a href={`${address(frame.path, { ...frame.query, from: undefined })}#history`}>First facts</a>}
          {facts.next !== undefined && (
            <a href={`${address(frame.path, { ...frame.query, from: String(facts.next) })}#history`}>Further facts</a>
          )}
          <a href={address(`/contracts/${id}/history`, { recordedAt: frame.query['recordedAt'] })}>The history as JSON</a>
        </nav>
        <LedgerFacts ledger={facts.ledger} withdrawn={facts.withdrawn} frame={frame} />
      </>
    ),
  };
};

/** Exact days among dates, in order, at most 400. */
export const daysOf = (dates: readonly string[]): readonly string[] =>
  [...new Set(dates.filter((date) => /^\d{4}-\d\d-\d\d$/.test(date)))].sort().slice(-400);

const Uncertainty = ({ found }: { readonly found: Found<unknown> }) => {
  const { inside = 0, leftOut = 0 } = found.uncertain?.counts ?? {};
  if (inside + leftOut === 0) return null;
  return (
    <div class="banner warn">
      <p>
        ≈ {inside > 0 && `${some(inside, 'fact')} in this view may be of a later day. `}
        {leftOut > 0 && `${some(leftOut, 'fact')} left out of it may be of that day or before.`}
      </p>
    </div>
  );
};

type Supply = Registered['suppliers'][number];
const Summary = ({ c, supplies, frame }: { readonly c: Registered; readonly supplies: readonly Supply[]; readonly frame: Frame }) => {
  const former = supplies.filter(({ supplier, leftOn }) => leftOn !== undefined && !c.suppliers.some((one) => one.supplier === supplier));
  const { term } = c;
  return (
    <Pairs
      of={[
        ['Supplier', <Suppliers of={c} frame={frame} />],
        c.kind !== undefined && c.kind !== 'contract' && ['Kind', wordsOf(c.kind)],
        c.framework !== undefined && ['Framework', <Value_ of={c.framework} />],
        [
          'Role',
          <>
            {wordsOf(c.role)}
            {c.towers.length > 0 && (
              <>
                {' of '}
                {c.towers.map((tower, i) => (
                  <>
                    {i > 0 && ', '}
                    <a href={to(frame, '/app/contracts', { tower })}>
                      <bdi>{tower}</bdi>
                    </a>
                  </>
                ))}
              </>
            )}
          </>,
        ],
        ['Original value', <Money of={c.original} />],
        ['Ceiling now', <Money of={c.ceiling} />],
        c.vat !== 'unknown' && ['VAT', wordsOf(c.vat)],
        ['Covers', c.covers === 'unknown' ? <span class="missing unknown">unknown</span> : wordsOf(c.covers)],
        ['Term', term.months === undefined ? <span class="missing unknown">unknown</span> : termText(term.months)],
        term.startsOn !== undefined && ['Starts', <Day on={term.startsOn} />],
        [
          c.pastEndSince === null ? 'Ends' : 'Ended',
          c.ends === null ? (
            <span class="missing unknown">end unknown</span>
          ) : (
            <>
              <Day on={c.ends} />
              <CountedFrom basis={c.endBasis} />
            </>
          ),
        ],
        term.agreedEndsOn !== undefined &&
          term.agreedEndsOn !== 'unknown' &&
          term.agreedEndsOn !== c.ends && ['Agreed at first to end', <Day on={term.agreedEndsOn} />],
        c.perYear !== null && [
          'A year',
          <>
            <Money of={c.perYear} /> <span class="small quiet">{c.perYear.divides}</span>
          </>,
        ],
        ...Object.entries(c.dates ?? {}).map(([name, on]) => [wordsOf(name), <Day on={on} />] as const),
        c.options.length > 0 && [
          'Options',
          <ul>
            {c.options.map(({ option, months, status }) => (
              <li>
                <bdi>{option}</bdi>, {some(months, 'month')} <Tag of={status} />
              </li>
            ))}
          </ul>,
        ],
        (c.lots?.length ?? 0) > 0 && ['Lots', <Value_ of={c.lots} />],
        former.length > 0 && [
          'Former suppliers',
          <ul>
            {former.map(({ supplier, leftOn }) => (
              <li>
                <a href={to(frame, places.supplier(supplier))}>
                  <bdi>{supplier}</bdi>
                </a>{' '}
                until <Day on={leftOn} />
              </li>
            ))}
          </ul>,
        ],
      ]}
    />
  );
};

const Money_ = ({ c, id, frame }: { readonly c: Registered; readonly id: string; readonly frame: Frame }) => {
  const { original } = c;
  const valued = c.changes.filter((change): change is Change & { readonly to: Value } => change.to !== undefined);
  const steps = [
    { on: c.dates?.['awarded'] ?? 'unknown', value: original, label: 'Original' },
    ...valued.map(({ on, to, reference, kind }) => ({ on, value: to, label: reference ?? wordsOf(kind) })),
  ];
  if (c.changes.length === 0) return null;
  return (
    <>
      <h2>Ceiling, step by step</h2>
      <Steps steps={steps} title={`The ceiling in ${steps.length} steps; the table below has the figures`} />
      <Scroll label="Changes of the contract">
        <table class="cards">
          <caption class="hidden">Changes of the contract, with three figures for each step</caption>
          <thead>
            <tr>
              <th scope="col">Change</th>
              <th scope="col">To</th>
              <th scope="col" class="right">
                Step of original
              </th>
              <th scope="col" class="right">
                Step of current
              </th>
              <th scope="col" class="right">
                Cumulative
              </th>
            </tr>
          </thead>
          <tbody>
            {c.changes.map((change) => (
              <ChangeLine change={change} original={original} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {(c.counts['changes'] ?? 0) > c.changes.length && (
        <p class="small">
          The newest {c.changes.length} of {c.counts['changes']}.{' '}
          <a href={address(`/projections/contract-register/contract:${id}/changes`, clocksOf(frame.query))}>All of them as JSON</a>
        </p>
      )}
      <details>
        <summary>Every digit</summary>
        <ul>
          {steps.map(({ label, value }) => (
            <li>
              <bdi>{label}</bdi>: <Exact of={value} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
};
const ChangeLine = ({ change, original }: { readonly change: Change; readonly original: Value }) => {
  const figures = change.figures ?? (change.to && change.from ? changeFigures(original, change.from, change.to) : undefined);
  const asStated = change.to && change.statedFrom ? changeFigures(original, change.statedFrom, change.to) : undefined;
  return (
    <tr>
      <th scope="row">
        {wordsOf(change.kind)}
        {change.reference !== undefined && (
          <>
            , <bdi>{change.reference}</bdi>
          </>
        )}
        <p class="small quiet">
          <Day on={change.on} />
          {change.ground !== undefined && (
            <>
              {' · '}
              <Name of={change.ground} />
            </>
          )}
        </p>
        {change.summary !== undefined && (
          <p class="small">
            <Text of={change.summary} />
          </p>
        )}
      </th>
      <td data-label="To">{change.to ? <Money of={change.to} /> : <span class="quiet nil">–</span>}</td>
      <Figure label="Step of original" of="stepOverOriginal" figures={figures} asStated={asStated} />
      <Figure label="Step of current" of="stepOverCurrent" figures={figures} asStated={asStated} />
      <Figure label="Cumulative" of="cumulativeOverOriginal" figures={figures} asStated={asStated} />
    </tr>
  );
};
const Figure = ({
  label,
  of,
  figures,
  asStated,
}: {
  readonly label: string;
  readonly of: keyof Figures;
  readonly figures: Figures | undefined;
  readonly asStated: Figures | undefined;
}) => (
  <td class="right" data-label={label}>
    {figures ? <span class="num">{percentText(figures[of])}</span> : <span class="quiet nil">–</span>}
    {figures && asStated && asStated[of] !== figures[of] && (
      <p class="small quiet">
        by the paper <span class="num">{percentText(asStated[of])}</span>
      </p>
    )}
  </td>
);

const Dates = ({ due }: { readonly due: readonly Found<Duty>[] }) => {
  if (due.length === 0) return <p class="quiet">Nothing is due.</p>;
  const inOrder = [...due].sort((a, b) => ((a.row.earliest ?? '9999') < (b.row.earliest ?? '9999') ? -1 : 1));
  return (
    <ul>
      {inOrder.map(({ row }) => (
        <li>
          <Day on={row.due} /> · <Name of={row.what} />
        </li>
      ))}
    </ul>
  );
};
const Heads = ({ label, of }: { readonly label: string; readonly of: readonly Headcount[] }) =>
  of.length === 0 ? null : (
    <p>
      {of
        .map(
          ({ count, qualifier, unit }) => `${qualifier && qualifier !== 'exact' ? `${qualifier.replace('-', ' ')} ` : ''}${count} ${unit}`,
        )
        .join(', ')}{' '}
      {label}
    </p>
  );
export const Losses = ({ of, frame }: { readonly of: readonly LossLine[]; readonly frame: Frame }) =>
  of.length === 0 ? (
    <p class="quiet">None is recorded.</p>
  ) : (
    <ul>
      {of.map(({ loss, title, bearer, gross, net }) => (
        <li>
          <a href={to(frame, places.loss(loss))}>
            <Name of={title} />
          </a>
          : <Money of={gross} /> gross,{' '}
          {net === null ? (
            'nothing written off'
          ) : (
            <>
              <Money of={net} /> net
            </>
          )}
          , {bearer} bears it
        </li>
      ))}
    </ul>
  );
export const NotedList = ({
  of,
  findings = [],
}: {
  readonly of: readonly Noted[];
  readonly findings?: readonly { readonly text: string }[];
}) =>
  of.length + findings.length === 0 ? (
    <p class="quiet">None.</p>
  ) : (
    <ul>
      {findings.map(({ text }) => (
        <li>
          <span class="tag warn">finding</span> <Text of={text} />
        </li>
      ))}
      {of.map(({ summary, warning, on, by }) => (
        <li>
          <span class="tag warn">{warning === undefined ? 'risk' : 'warning'}</span> <Text of={summary} />{' '}
          <span class="quiet small">
            <Day on={on} />
            {by !== undefined && (
              <>
                , <Name of={by} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
const Claims = ({ c }: { readonly c: Registered }) => {
  const { trail } = c;
  return (
    <>
      <p>
        {trail.evidence === null ? 'No evidence is named' : `Best evidence: ${trail.evidence}`}, {some(trail.sources, 'source')}
        {trail.corrections > 0 && `, ${some(trail.corrections, 'correction')}`}.
      </p>
      {trail.claims.length > 0 && (
        <details open={trail.claims.length <= 3}>
          <summary>{some(trail.claims.length, 'claim')} of other sources, not settled</summary>
          <ul>
            {trail.claims.map(({ pointer, value, source }) => (
              <li>
                {placeText(pointer)}: <Value_ of={value} />
                {source !== null && (
                  <span class="small quiet">
                    {' '}
                    says <Source uri={source} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      {trail.notes.length > 0 && (
        <details open={trail.notes.length <= 3}>
          <summary>{some(trail.notes.length, 'note')}</summary>
          <ul>
            {trail.notes.map(({ note, source }) => (
              <li>
                {note}
                {source !== null && (
                  <span class="small quiet">
                    {' '}
                    <Source uri={source} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
};

type EntryView = Awaited<ReturnType<typeof entryViews>>[number];
/** The facts of a stream by the day of each act: compact, and each opens into its details. */
export const Facts = ({
  entries,
  frame,
  inView,
  path,
}: {
  readonly entries: readonly EntryView[];
  readonly frame: Frame;
  /** The events of the day that is looked at; undefined when it is now. */
  readonly inView: ReadonlySet<string> | undefined;
  /** The page of the stream: commands about its facts are under it. */
  readonly path: string;
}) => (
  <ol class="line">
    {entries.map((entry) => (
      <Fact entry={entry} frame={frame} isLater={inView !== undefined && !inView.has(entry.event)} path={path} />
    ))}
  </ol>
);
const Fact = ({
  entry,
  frame,
  isLater,
  path,
}: {
  readonly entry: EntryView;
  readonly frame: Frame;
  readonly isLater: boolean;
  readonly path: string;
}) => {
  const { decidedBy, authority, reason } = entry;
  const marks = [
    ...(isLater ? ['after the day looked at'] : []),
    ...(entry.corrections.length > 0 ? ['corrected'] : []),
    ...(entry.notes.length > 0 ? [some(entry.notes.length, 'note')] : []),
    ...('daysLate' in entry && (entry.daysLate ?? 0) > 0 ? [lateText(entry.daysLate ?? 0)] : []),
  ];
  return (
    <li class={entry.notes.length + entry.corrections.length > 0 ? 'noted' : undefined} id={entry.event}>
      <strong>{wordsOf(entry.type)}</strong>{' '}
      {marks.map((mark) => (
        <>
          <span class="tag off">{mark}</span>{' '}
        </>
      ))}
      {(entry.assessed ?? []).map(({ result, rule }) => (
        <>
          <Tag of={result} /> <span class="small quiet">{rule}</span>{' '}
        </>
      ))}
      <div class="when">
        <Day on={entry.effectiveOn} />
        {decidedBy && (
          <>
            {' · decided by '}
            <Name of={decidedBy.office ?? decidedBy.person} />
          </>
        )}
        {authority && (
          <>
            {' · '}
            <a href={to(frame, '/app/decisions', { reference: authority.reference })}>
              <Name of={authority.reference} />
            </a>
          </>
        )}
      </div>
      <details>
        <summary>Details</summary>
        <div>
          <Fields of={entry.data as object} />
          {reason !== undefined && (
            <p>
              <b>Why:</b> <Text of={reason} />
            </p>
          )}
          <Evidences of={entry.evidence} />
          {entry.corrections.map(({ pointer, was, value, because }) => (
            <p class="small">
              Corrected ({because}): {placeText(pointer)} was <Value_ of={was} />, is <Value_ of={value} />
            </p>
          ))}
          {entry.notes.map(({ note, claim }) => (
            <p class="small">
              Note: <Text of={note} />
              {claim && (
                <>
                  {' '}
                  Claim: {placeText(claim.pointer)} is <Value_ of={claim.value} />
                </>
              )}
            </p>
          ))}
          <p class="small">
            <a href={to(frame, places.decision(entry.decision))}>The decision</a> · recorded{' '}
            <Instant at={entry.recordedAt} zone={frame.timeZone} /> by <Name of={entry.actor.id} />
            {frame.mayCommand && (
              <span class="noprint">
                {' · '}
                <a href={`${path}/correct-fact?event=${entry.event}`}>Correct</a>
                {' · '}
                <a href={`${path}/withdraw-fact?event=${entry.event}`}>Withdraw</a>
                {' · '}
                <a href={`${path}/annotate?event=${entry.event}`}>Annotate</a>
              </span>
            )}
          </p>
        </div>
      </details>
    </li>
  );
};
type Page_ = Awaited<ReturnType<typeof historyPage>>;
const LedgerFacts = ({ ledger, withdrawn, frame }: Pick<Page_, 'ledger' | 'withdrawn'> & { readonly frame: Frame }) =>
  ledger.length + withdrawn.length === 0 ? null : (
    <details>
      <summary>
        {some(ledger.length, 'correction or note', 'corrections and notes')}
        {withdrawn.length > 0 && `, ${some(withdrawn.length, 'fact')} withdrawn`}
      </summary>
      <ul>
        {ledger.map(({ type, recordedAt, decision }) => (
          <li>
            <a href={to(frame, places.decision(decision))}>{wordsOf(type)}</a> <Instant at={recordedAt} zone={frame.timeZone} />
          </li>
        ))}
        {withdrawn.map(({ type, effectiveOn }) => (
          <li>
            {wordsOf(type ?? 'fact')} of <Day on={effectiveOn} /> <span class="tag bad">withdrawn</span>
          </li>
        ))}
      </ul>
    </details>
  );
