import { exposure } from '../../projections/exposure.js';
import { lossesStatement } from '../../projections/losses-statement.js';
import type { Line, Net, Statement, Shown } from '../../projections/losses-statement-row.js';
import type { Value } from '../kernel/index.js';
import { historyPage } from '../engine/audit/audit.js';
import { More } from './more.js';
import { CommandLinks } from './command-links.js';
import { Facts } from './facts.js';
import { Ask, Filters, Pick } from './fields.js';
import type { Read } from './read.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { Day, Money, Name, Pairs, Scroll, some, Tag, Text, wordsOf } from './words.js';

interface LossRow {
  readonly loss: string;
  readonly programme: string | null;
  readonly title: string;
  readonly stage: string;
  readonly lossKind: string;
  readonly bearer: string;
  readonly category: string;
  readonly case: string | null;
  readonly gross: Value;
  readonly recovered: Value | null;
  readonly writtenOff: Value | null;
  readonly net: Value | null;
  readonly outstanding: Value | null;
  readonly texts: { readonly outstanding: string | null; readonly net: string | null };
  readonly movements: readonly { readonly flow: string; readonly on: string; readonly amount: Value }[];
  readonly items: readonly { readonly item: string; readonly amount: Value }[];
  readonly approved: readonly unknown[];
  readonly paid: readonly unknown[];
  readonly identifiedOn: string;
  readonly supplier: string | null;
  readonly contract: string | null;
  readonly elsewhere: { readonly authority: string; readonly programme?: string } | null;
  readonly findings: readonly string[];
}

/** Losses and special payments, and the statement of each year. */
export const lossesPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { programme, bearer } = frame.query;
  const [{ rows, next }, statements] = await Promise.all([
    read.rows<LossRow>(exposure.name, { kind: 'loss', programme, bearer }, 50),
    programme === undefined ? undefined : read.all<Statement>(lossesStatement.name, { programme }, 1),
  ]);
  return {
    title: 'Losses and special payments',
    programme,
    api: {
      json: address('/projections/exposure', { kind: 'loss', programme, bearer, ...clocksOf(frame.query) }),
      csv:
        programme === undefined
          ? undefined
          : address('/projections/losses-statement', { programme, format: 'csv', ...clocksOf(frame.query) }),
    },
    body: (
      <>
        <h1>Losses and special payments</h1>
        <Filters action={frame.path} keep={clocksOf(frame.query)}>
          <Ask name="programme" label="Programme" value={programme} />
          <Pick
            name="bearer"
            label="Borne by"
            value={bearer}
            of={[
              ['authority', 'the authority'],
              ['supplier', 'the supplier'],
            ]}
          />
        </Filters>
        {rows.length === 0 ? (
          <p>No loss is recorded.</p>
        ) : (
          <Scroll label="Losses">
            <table class="cards">
              <caption class="hidden">Losses</caption>
              <thead>
                <tr>
                  <th scope="col">Loss</th>
                  <th scope="col">Stage</th>
                  <th scope="col">Borne by</th>
                  <th scope="col" class="right">
                    Gross
                  </th>
                  <th scope="col" class="right">
                    Recovered
                  </th>
                  <th scope="col" class="right">
                    Written off, net
                  </th>
                  <th scope="col" class="right">
                    Outstanding
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map(({ row: l }) => (
                  <tr>
                    <th scope="row">
                      <a href={to(frame, places.loss(l.loss))}>
                        <Name of={l.title} />
                      </a>
                      <p class="small quiet">
                        {wordsOf(l.category)}
                        {l.elsewhere && (
                          <>
                            {' · elsewhere: '}
                            <Name of={l.elsewhere.authority} />
                          </>
                        )}
                      </p>
                    </th>
                    <td data-label="Stage">
                      <Tag of={l.stage} />
                    </td>
                    <td data-label="Borne by">{l.bearer}</td>
                    <td data-label="Gross" class="right">
                      <Money of={l.gross} />
                    </td>
                    <td data-label="Recovered" class="right">
                      <Money of={l.recovered} />
                    </td>
                    <td data-label="Written off, net" class="right">
                      {l.texts.net ?? <span class="quiet">none</span>}
                    </td>
                    <td data-label="Outstanding" class="right">
                      {l.texts.outstanding ?? <span class="quiet">none</span>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <More frame={frame} next={next} of={some(rows.length, 'loss', 'losses')} />
        {statements?.rows.map(({ row }) => (
          <Year of={row} />
        ))}
        {programme === undefined && <p class="quiet">Choose a programme for the statement of each year.</p>}
      </>
    ),
  };
};

const figures = (of: readonly Shown[]): string => of.map(({ text }) => text).join(' + ') || '–';
const LINES: readonly (readonly [name: string, of: keyof Line])[] = [
  ['Cases identified', 'identifiedCases'],
  ['Identified', 'identified'],
  ['Cases written off', 'cases'],
  ['Written off', 'writtenOff'],
  ['Reversed', 'reversed'],
  ['Recovered this year', 'recoveredThisYear'],
  ['Recovered of what was written off', 'recoveredOfWrittenOff'],
  ['Paid', 'paid'],
];
const Year = ({ of }: { readonly of: Statement }) => (
  <section>
    <h2>
      Statement{of.lastDay === null ? ' of what has no day in one year' : ` ${of.year}`}
      {of.lastDay !== null && (
        <span class="quiet small">
          {' '}
          to <Day on={of.lastDay} />
        </span>
      )}
    </h2>
    <Scroll label={`Statement of ${of.year}`}>
      <table>
        <caption class="hidden">Losses and special payments of {of.year}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col" class="right">
              The authority bears
            </th>
            <th scope="col" class="right">
              Suppliers bear
            </th>
            <th scope="col" class="right">
              Special payments
            </th>
          </tr>
        </thead>
        <tbody>
          {LINES.map(([name, of_]) => (
            <tr>
              <th scope="row">{name}</th>
              {(['authority', 'supplier', 'specialPayments'] as const).map((who) => {
                const cell = of.totals[who][of_];
                return <td class="right num">{typeof cell === 'number' ? cell : figures(cell)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
    {of.net.map((net) => (
      <Closing of={net} />
    ))}
  </section>
);
const Closing = ({ of }: { readonly of: Net }) => (
  <p class={of.balances ? 'banner good' : 'banner bad'}>
    Net that the {of.bearer} bears: {of.opening.text} at the opening + {of.writtenOff.text} written off − {of.reversed.text} reversed −{' '}
    {of.recovered.text} recovered = <b>{of.closing.text}</b> {of.balances ? '' : `(differs by ${of.difference.text})`}
  </p>
);

export const lossPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const [{ row: l }, history] = await Promise.all([read.mustHave<LossRow>(exposure.name, `loss:${id}`), read.history('loss', id)]);
  const facts = await historyPage(history, 0, 100);
  const inView = read.day === undefined ? undefined : new Set(history.asOf(read.day).entries.map(({ recorded }) => recorded.id));
  return {
    title: l.title,
    programme: l.programme ?? undefined,
    api: { json: address(`/losses/${id}`, clocksOf(frame.query)) },
    body: (
      <>
        <p class="crumbs">
          <a href={to(frame, '/app/losses', { programme: l.programme ?? undefined })}>Losses</a>
        </p>
        <h1>
          <Name of={l.title} />
        </h1>
        <p>
          <Tag of={l.stage} /> <span class="id quiet">{id}</span>
        </p>
        <div class="columns">
          <Pairs
            of={[
              ['Gross', <Money of={l.gross} />],
              ['Recovered', <Money of={l.recovered} />],
              ['Written off, net', l.texts.net ?? <span class="quiet">none</span>],
              ['Outstanding', l.texts.outstanding ?? <span class="quiet">none</span>],
              ['Borne by', l.bearer],
              ['Kind', `${wordsOf(l.lossKind)}, ${wordsOf(l.category).toLowerCase()}`],
              ['Identified', <Day on={l.identifiedOn} />],
              l.case !== null && ['Case', <bdi>{l.case}</bdi>],
              l.elsewhere && [
                'Elsewhere',
                <>
                  <Name of={l.elsewhere.authority} />
                  {l.elsewhere.programme !== undefined && (
                    <>
                      , <Name of={l.elsewhere.programme} />
                    </>
                  )}
                </>,
              ],
              l.supplier !== null && [
                'Supplier',
                <a href={to(frame, places.supplier(l.supplier))}>
                  <bdi>{l.supplier}</bdi>
                </a>,
              ],
              l.contract !== null && [
                'Contract',
                <a href={to(frame, places.contract(l.contract))}>
                  <bdi>{l.contract}</bdi>
                </a>,
              ],
            ]}
          />
          <section>
            <h2>Findings</h2>
            {l.findings.length === 0 ? (
              <p class="quiet">None.</p>
            ) : (
              <ul>
                {l.findings.map((text) => (
                  <li>
                    <Text of={text} />
                  </li>
                ))}
              </ul>
            )}
            {frame.mayCommand && (
              <>
                <h2 class="noprint">Record</h2>
                <CommandLinks category="loss" id={id} history={history} frame={frame} />
              </>
            )}
          </section>
        </div>
        <h2>What happened</h2>
        <Facts entries={facts.entries} frame={frame} inView={inView} path={places.loss(id)} />
      </>
    ),
  };
};
