import { historyPage, stateView } from '../engine/audit/audit.js';
import { NotFoundError } from '../http/problem.js';
import { plural, type AnyAggregate } from '../kernel/index.js';
import { CommandLinks } from './command-links.js';
import { boardCrumb } from './crumbs.js';
import { Facts } from './facts.js';
import type { Read } from './read.js';
import { address, clocksOf, type Frame, type Page } from './shell.js';
import { Fields, Name, wordsOf } from './words.js';

/** Facts of the history that are shown. */
const FACTS = 50;

/** A programme, a tower or a workforce: what it says, what happened, what can be recorded. */
export const subjectPage = async (read: Read, frame: Frame, { category }: AnyAggregate, id: string): Promise<Page> => {
  const history = await read.history(category, id);
  if (history.entries.length === 0) throw new NotFoundError(`No ${category} ${id.slice(0, 80)} is recorded.`);
  const { state } = stateView(history, { effectiveOn: read.query['effectiveOn'] });
  const {
    title,
    programme,
    policies: _,
    pools: __,
    ...fields
  } = state as { readonly title?: string; readonly programme?: string; readonly policies?: unknown; readonly pools?: unknown };
  const facts = await historyPage(history, 0, FACTS);
  const inView = read.day === undefined ? undefined : new Set(history.asOf(read.day).entries.map(({ recorded }) => recorded.id));
  const board = category === 'programme' ? id : programme;
  const crumb = await boardCrumb(read, frame, board);
  const path = `/app/${plural(category)}/${id}`;
  return {
    title: title ?? id,
    programme: board,
    api: { json: address(`/${plural(category)}/${id}`, clocksOf(frame.query)) },
    body: (
      <>
        {crumb}
        <h1>
          {wordsOf(category)} <Name of={title ?? id} />
        </h1>
        {frame.mayCommand && (
          <>
            <h2 class="noprint">Record</h2>
            <CommandLinks category={category} id={id} history={history} frame={frame} />
            {category === 'programme' && (
              <ul class="acts noprint">
                <li>
                  <a href={`/app/towers/-/plan-tower?programme=${id}`}>Plan a tower</a>
                </li>
                <li>
                  <a href={`/app/contracts/-/plan-contract?programme=${id}`}>Plan a contract</a>
                </li>
                <li>
                  <a href={`/app/contracts/-/award-contract?programme=${id}`}>Award a contract</a>
                </li>
                <li>
                  <a href={`/app/contracts/-/record-contract?programme=${id}`}>Bring in a contract</a>
                </li>
                <li>
                  <a href={`/app/losses/-/raise-loss?programme=${id}`}>Raise a loss</a>
                </li>
                <li>
                  <a href="/app/suppliers/-/register-supplier">Register a supplier</a>
                </li>
                <li>
                  <a href={`/app/workforces/${id}/record-baseline?programme=${id}`}>Count staff</a>
                </li>
                <li>
                  <a href={`/app/workforces/${id}/plan-transfer?programme=${id}`}>Plan a transfer of staff</a>
                </li>
              </ul>
            )}
            {category === 'tower' && (
              <ul class="acts noprint">
                <li>
                  <a href={address('/app/contracts/-/plan-contract', { programme, towers: id })}>Plan a contract</a>
                </li>
                <li>
                  <a href={address('/app/contracts/-/award-contract', { programme, towers: id })}>Award a contract</a>
                </li>
              </ul>
            )}
          </>
        )}
        <h2>What it says</h2>
        <Fields of={plain(fields) as object} />
        <h2>What happened</h2>
        <Facts entries={facts.entries} frame={frame} inView={inView} path={path} />
        {facts.next !== undefined && (
          <p>
            <a href={`/${plural(category)}/${id}/history`}>The whole history as JSON</a>
          </p>
        )}
      </>
    ),
  };
};

/** Without the ids of events, and without what holds nothing: neither says anything to a person. */
const plain = (of: unknown): unknown => {
  if (Array.isArray(of)) return of.map(plain);
  if (typeof of !== 'object' || of === null) return of;
  const shown = Object.entries(of).filter(([name, value]) => name !== 'event' && !isNothing(value));
  return Object.fromEntries(shown.map(([name, value]) => [name, plain(value)]));
};
const isNothing = (of: unknown): boolean => typeof of === 'object' && of !== null && Object.keys(of).length === 0;
