import { accountBoard } from '../../projections/accounts.js';
import { contractRegister } from '../../projections/contract-register.js';
import { deadlines } from '../../projections/deadlines.js';
import { towerBoard } from '../../projections/tower-board.js';
import { historyPage } from '../engine/audit/audit.js';
import { GoneError, NotFoundError } from '../http/problem.js';
import type { Headcount } from '../kernel/index.js';
import { CommandLinks } from './command-links.js';
import { boardCrumb } from './crumbs.js';
import { CeilingSteps, Summary, type Registered, type Supply } from './contract-terms.js';
import { Facts, LedgerFacts } from './facts.js';
import { Losses, NotedList } from './noted.js';
import type { Found, Read } from './read.js';
import type { Duty, LossLine, Noted } from './rows.js';
import { Spend, type AccountRow } from './spend.js';
import { address, clocksOf, places, type Frame, type Page } from './shell.js';
import { Day, headcountText, Name, placeText, some, Source, Tag, Value_ } from './words.js';

/** Facts of the time line on one page. */
const FACTS = 50;
/** Towers that are named by their titles. */
const NAMED = 20;

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
  const crumb = await boardCrumb(read, frame, c.programme);
  const towers = await Promise.all(c.towers.slice(0, NAMED).map((tower) => titleOf(read, tower, c.programme)));
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
        {crumb}
        <h1>
          <Name of={c.title || id} />
        </h1>
        <p>
          <Tag of={c.stage} /> {c.pastEndSince !== null && <span class="tag bad">past its end</span>} <span class="id quiet">{id}</span>
        </p>
        <Uncertainty found={found} />
        <div class="columns">
          <div>
            <Summary c={c} towers={towers} supplies={supplies} frame={frame} />
            <CeilingSteps c={c} id={id} frame={frame} />
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
                <CommandLinks category="contract" id={id} history={history} frame={frame} />
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

const titleOf = async (read: Read, tower: string, programme: string | null | undefined): Promise<readonly [id: string, title: string]> => {
  const found = await read.row<{ readonly title?: string }>(towerBoard.name, `tower:${tower}`, programme ?? undefined);
  return [tower, found?.row.title ?? tower];
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
      {of.map(headcountText).join(', ')} {label}
    </p>
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
