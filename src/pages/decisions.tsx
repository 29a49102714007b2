import { setImmediate as turn } from 'node:timers/promises';
import { becameOf, split } from '../engine/audit/audit.js';
import { loadFrom } from '../http/ledger.js';
import { badParameter } from '../http/problem.js';
import { checkField, id as anIdentifier, matchKey } from '../kernel/index.js';
import { More } from './more.js';
import { Facets, isWithin, type Facet } from './facets.js';
import { listOf, type Read } from './read.js';
import type { DecisionRow } from './rows.js';
import { address, places, to, type Frame, type Page, type Search } from './shell.js';
import { Day, Name, Scroll, some, Tag, Text, wordsOf, numberText } from './words.js';

const RULE = /^[a-z0-9-]{1,64}(\/[a-z0-9-]{1,64})?$/;
/** Decisions that are read together: those of one page, unless the page is narrowed down. */
const ON_PAGE = 50;
/** Decisions that one page looks through: for its counts, and where it is narrowed down for its rows. */
const LOOKED_AT = 500;
/** Events of the log that are looked at for decisions before other work gets its turn, and for one page of decisions. */
const TOGETHER = 16;
const EVENTS = 1000;

const FACETS: readonly Facet<DecisionRow>[] = [
  { name: 'command', title: 'What', of: ({ command }) => [command], label: wordsOf },
  { name: 'about', title: 'About', of: ({ stream }) => [split(stream)[0]], label: wordsOf },
  { name: 'year', title: 'Year of the act', of: ({ effectiveOn }) => yearsOf(effectiveOn), label: (year) => year },
  { name: 'result', title: 'Rules', of: ({ assessed }) => assessed.map(({ result }) => result), label: wordsOf },
];
export const DECISION_FACETS = FACETS.map(({ name }) => name);
/** The year of a day, as far as it is known. */
const yearsOf = (date: string): readonly string[] => {
  const years = new Set(date.match(/\d{4}/g) ?? []);
  return years.size === 1 && !date.includes('[..') && !date.includes('..]') ? [...years] : [];
};

/** The same questions in the words of the API, which has none about what a decision is of. */
const askedOfApi = ({ command, result, year, recordedAt }: Search): Search => ({
  command,
  result,
  ...(/^\d{4}$/.test(year ?? '') && { effectiveFrom: `${year}-01-01`, effectiveUntil: `${year}-12-31` }),
  recordedUntil: recordedAt,
});

/** Decisions by paper, person or rule; without any, the newest first. */
export const decisionsPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { reference, person, rule } = frame.query;
  const asked = [reference, person, rule].filter((given) => given !== undefined);
  if (asked.length > 1) throw badParameter('reference', 'must be given, or person, or rule, and only one of them');
  if (reference !== undefined && matchKey(reference) === '') throw badParameter('reference', 'must name a paper');
  if (person !== undefined && checkField(anIdentifier(), person, '').length > 0) throw badParameter('person', 'must be a person id');
  if (rule !== undefined && !RULE.test(rule)) throw badParameter('rule', 'must be a policy or one of its rules, such as scheme/approval');
  const key = reference !== undefined ? `reference:${matchKey(reference)}` : person !== undefined ? `person:${person}` : rule !== undefined ? `rule:${rule}` : undefined; // prettier-ignore
  const from = (cursor: string | undefined) =>
    key === undefined ? newest(read, cursor) : listOf<DecisionRow>(read, 'decisions', key, 'decisions', ON_PAGE, cursor);
  const isNarrowed = FACETS.some(({ name }) => frame.query[name] !== undefined);
  const looked = await lookThrough(from, undefined, () => false);
  const within = (row: DecisionRow) => isWithin(row, FACETS, frame);
  const page = await lookThrough(from, frame.query['cursor'], (found) => found.filter(within).length >= (isNarrowed ? ON_PAGE : 1));
  const [rows, next] = [page.rows.filter(within), page.next];
  const load = loadFrom(read.ledger.engine, read.ledger.registry);
  const marked: { readonly row: DecisionRow; readonly became: ReturnType<typeof becameOf> }[] = [];
  for (const row of rows) {
    const history = await load(...split(row.stream));
    marked.push({ row, became: becameOf(history.decision(row.decision), history) });
  }
  return {
    title: reference === undefined ? 'Decisions' : `Decisions on ${reference}`,
    clocks: false,
    api: { json: address('/decisions', { reference, person, rule, ...askedOfApi(frame.query) }) },
    body: (
      <>
        <h1>
          Decisions
          {reference !== undefined && (
            <>
              {' '}
              on <Name of={reference} />
            </>
          )}
        </h1>
        <form class="filters" method="get" action="/app/decisions">
          <div>
            <label for="reference">Paper, such as PCD 813</label>
            <input id="reference" name="reference" value={reference ?? ''} />
          </div>
          <div>
            <label for="person">or person who decided</label>
            <input id="person" name="person" value={person ?? ''} autocapitalize="none" spellcheck={false} />
          </div>
          <div>
            <label for="rule">or policy or rule</label>
            <input id="rule" name="rule" value={rule ?? ''} autocapitalize="none" spellcheck={false} />
          </div>
          <button>Find</button>
          {asked.length > 0 && <a href="/app/decisions">All decisions</a>}
        </form>
        <Facets
          facets={FACETS}
          rows={looked.rows.filter(within)}
          frame={frame}
          bound={looked.next === undefined ? undefined : `Counted among the newest ${numberText(looked.rows.length)} decisions.`}
        />
        {marked.length === 0 ? (
          <p>No decision {isNarrowed ? 'among these is as you ask' : asked.length > 0 ? 'is recorded under this' : 'is recorded yet'}.</p>
        ) : (
          <Scroll label="Decisions">
            <table class="cards">
              <caption class="hidden">Decisions, the newest first</caption>
              <thead>
                <tr>
                  <th scope="col">Decision</th>
                  <th scope="col">About</th>
                  <th scope="col">Day of the act</th>
                  <th scope="col">Decided by</th>
                  <th scope="col">Paper</th>
                  <th scope="col">Rules</th>
                </tr>
              </thead>
              <tbody>
                {marked.map(({ row, became }) => (
                  <tr>
                    <th scope="row">
                      <a href={to(frame, places.decision(row.decision))}>{wordsOf(row.command)}</a>
                      {became.withdrawn && (
                        <>
                          {' '}
                          <span class="tag bad">{became.withdrawn === 'all' ? 'withdrawn' : 'partly withdrawn'}</span>
                        </>
                      )}
                      {became.corrections && (
                        <>
                          {' '}
                          <span class="tag warn">corrected</span>
                        </>
                      )}
                      {row.reason !== null && (
                        <p class="small quiet">
                          <Text of={row.reason} />
                        </p>
                      )}
                    </th>
                    <td data-label="About">
                      <bdi>{row.stream.replace('-', ' ')}</bdi>
                    </td>
                    <td data-label="Day of the act">
                      <Day on={row.effectiveOn} />
                    </td>
                    <td data-label="Decided by">
                      {row.decidedBy ? (
                        <Name of={row.decidedBy.office ?? row.decidedBy.person} />
                      ) : (
                        <span class="missing unknown">not recorded</span>
                      )}
                    </td>
                    <td data-label="Paper">
                      {row.reference === null ? (
                        <span class="quiet nil">–</span>
                      ) : (
                        <a href={to(frame, '/app/decisions', { reference: row.reference })}>
                          <Name of={row.reference} />
                        </a>
                      )}
                    </td>
                    <td data-label="Rules">
                      {row.assessed.length === 0 ? (
                        <span class="quiet nil">–</span>
                      ) : (
                        row.assessed.slice(0, 4).map(({ result }) => (
                          <>
                            <Tag of={result} />{' '}
                          </>
                        ))
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <More frame={frame} next={next} of={some(marked.length, 'decision')} />
      </>
    ),
  };
};

interface Found {
  readonly rows: readonly DecisionRow[];
  readonly next?: string;
}
/** Reads on until there is enough, until 500 decisions were looked at, or to the end. */
const lookThrough = async (
  from: (cursor: string | undefined) => Promise<Found>,
  cursor: string | undefined,
  isEnough: (rows: readonly DecisionRow[]) => boolean,
): Promise<Found> => {
  const rows: DecisionRow[] = [];
  let next = cursor;
  for (let looked = 0; looked < LOOKED_AT; looked += ON_PAGE) {
    const page = await from(next);
    rows.push(...page.rows);
    if (page.next === undefined) return { rows };
    next = page.next;
    if (isEnough(rows)) break;
    await turn();
  }
  return { rows, next: next! };
};

/** The newest decisions of the log, before the cursor where there is one. */
const newest = async (read: Read, cursor: string | undefined): Promise<Found> => {
  const { projector } = read.ledger;
  const rows: DecisionRow[] = [];
  const seen = new Set<string>();
  let before = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : read.at + 1;
  for (let looked = 0; looked < EVENTS && rows.length < ON_PAGE && before > 1; looked++) {
    before--;
    if (looked % TOGETHER === TOGETHER - 1) await turn();
    const event = projector.eventAt(before);
    if (!event) break;
    const { metadata } = await projector.event(event);
    if (seen.has(metadata.command.id) || (metadata.command.body === undefined && metadata.command.record === undefined)) continue;
    seen.add(metadata.command.id);
    const row = await projector.row('decisions', `decision:${metadata.command.id}`);
    if (row) rows.push(row as unknown as DecisionRow);
  }
  return { rows, ...(before > 1 && { next: String(before) }) };
};
