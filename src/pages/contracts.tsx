import { contractRegister } from '../../projections/contract-register.js';
import { isAmount, minor, type Value } from '../kernel/index.js';
import { More } from './more.js';
import { Suppliers } from './parties.js';
import { oneOf } from '../http/request.js';
import { Ask, Filters, Pick } from './fields.js';
import type { Found, Read } from './read.js';
import type { ContractEntry } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page, type Search } from './shell.js';
import { Day, Money, Name, Scroll, some, Tag, wordsOf, numberText } from './words.js';

export const REGISTER = ['text', 'programme', 'tower', 'supplier', 'supplierName', 'stage', 'pastEnd', 'endsFrom', 'endsUntil', 'valueFrom', 'valueUntil', 'originalFrom', 'originalUntil', 'startsFrom', 'startsUntil', 'framework', 'frameworkLot', 'sort', 'from']; // prettier-ignore
export const STAGES = ['planned', 'tendering', 'awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed', 'cancelled'];
interface Registered extends ContractEntry {
  readonly ends: string | null;
}

const amountIn = (value: Value): bigint => (isAmount(value) ? minor(value) : -1n);
const byText = (a: string | null, b: string | null): number => ((a ?? '\uffff') < (b ?? '\uffff') ? -1 : a === b ? 0 : 1);
const SORTS: Readonly<Record<string, (a: Registered, b: Registered) => number>> = {
  title: (a, b) => byText(a.title, b.title),
  supplier: (a, b) => byText(a.supplierName, b.supplierName),
  stage: (a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage),
  ends: (a, b) => byText(a.ends, b.ends),
  ceiling: (a, b) => (amountIn(a.ceiling) > amountIn(b.ceiling) ? -1 : 1),
};
/** Contracts of one page. */
const ON_PAGE = 50;

/** Every contract, chosen by what the register is filtered by. In another order than by identifier, the first 1,000 of them. */
export const contractsPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { sort, from: start, cursor: _, ...asked } = frame.query;
  const filters = filtersOf(asked);
  oneOf(frame.query, 'sort', Object.keys(SORTS));
  const order = sort === undefined ? undefined : SORTS[sort];
  const from = Number(/^\d{1,5}$/.exec(start ?? '')?.[0] ?? 0);
  let rows: readonly Found<Registered>[];
  let next: string | undefined;
  let isAll = true;
  let total: number | undefined;
  if (order) {
    const all = await read.all<Registered>(contractRegister.name, filters);
    const sorted = [...all.rows].sort((a, b) => order(a.row, b.row));
    rows = sorted.slice(from, from + ON_PAGE);
    isAll = all.isAll;
    total = sorted.length;
  } else ({ rows, next } = await read.rows<Registered>(contractRegister.name, filters, ON_PAGE));
  const query = { ...filters, ...clocksOf(frame.query) };
  const head = (name: string, title: string, right = false) => (
    <th
      scope="col"
      class={right ? 'right' : undefined}
      aria-sort={sort === name ? (name === 'ceiling' ? 'descending' : 'ascending') : undefined}
    >
      <a href={address(frame.path, { ...frame.query, cursor: undefined, from: undefined, sort: name })}>{title}</a>
    </th>
  );
  return {
    title: 'Contracts',
    programme: filters.programme,
    api: {
      json: address('/projections/contract-register', query),
      csv: address('/projections/contract-register', { ...query, format: 'csv' }),
    },
    body: (
      <>
        <h1>Contracts</h1>
        <Filters action={frame.path} keep={{ ...clocksOf(frame.query), sort, tower: filters.tower, supplier: filters.supplier }}>
          <Ask name="text" label="Words of title or supplier" value={filters.text} />
          <Ask name="programme" label="Programme" value={filters.programme} />
          <Pick name="stage" label="Stage" value={filters.stage} of={STAGES.map((stage) => [stage, wordsOf(stage)])} />
          <Pick
            name="pastEnd"
            label="Past its end"
            value={filters.pastEnd}
            of={[
              ['true', 'yes'],
              ['false', 'no'],
            ]}
          />
          <Ask name="endsUntil" label="Ends by" value={filters.endsUntil} type="date" />
          <Ask name="valueFrom" label="Ceiling from" value={filters.valueFrom} />
          <Ask name="originalFrom" label="Original value from" value={filters.originalFrom} />
          <Ask name="startsFrom" label="Starts from" value={filters.startsFrom} type="date" />
          <Ask name="framework" label="Framework" value={filters.framework} />
          <Ask name="frameworkLot" label="Its lot" value={filters.frameworkLot} />
        </Filters>
        {(filters.tower ?? filters.supplier) !== undefined && (
          <p>
            {filters.tower !== undefined && (
              <>
                Of the tower{' '}
                <b>
                  <bdi>{filters.tower}</bdi>
                </b>
                .{' '}
              </>
            )}
            {filters.supplier !== undefined && (
              <>
                With the supplier{' '}
                <b>
                  <bdi>{filters.supplier}</bdi>
                </b>
                .{' '}
              </>
            )}
            <a href={address(frame.path, { ...frame.query, tower: undefined, supplier: undefined })}>All contracts</a>
          </p>
        )}
        {!isAll && (
          <p class="banner warn">There are more than {numberText(total ?? 0)} contracts: choose some of them to see all in this order.</p>
        )}
        {rows.length === 0 ? (
          <p>No contract is recorded{Object.keys(filters).length > 0 ? ' that is as you ask' : ' yet'}.</p>
        ) : (
          <Scroll label="Contracts">
            <table class="cards">
              <caption class="hidden">Contracts</caption>
              <thead>
                <tr>
                  {head('title', 'Contract')}
                  {head('supplier', 'Supplier')}
                  {head('stage', 'Stage')}
                  {head('ceiling', 'Ceiling', true)}
                  {head('ends', 'Ends')}
                </tr>
              </thead>
              <tbody>
                {rows.map(({ row: c }) => (
                  <tr>
                    <th scope="row">
                      <a href={to(frame, places.contract(c.contract))}>
                        <Name of={c.title || c.contract} />
                      </a>
                      <p class="small quiet">
                        <span class="id">{c.contract}</span>
                        {c.towers.length > 0 && ` · ${c.towers.join(', ')}`}
                      </p>
                    </th>
                    <td data-label="Supplier">
                      <Suppliers of={c} frame={frame} />
                    </td>
                    <td data-label="Stage">
                      <Tag of={c.stage} />
                    </td>
                    <td data-label="Ceiling" class="right">
                      <Money of={c.ceiling} />
                    </td>
                    <td data-label="Ends">
                      {c.ends === null ? <span class="missing unknown">end unknown</span> : <Day on={c.ends} />}
                      {c.pastEndSince !== null && (
                        <>
                          {' '}
                          <span class="tag bad">past its end</span>
                        </>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        {order ? (
          <nav class="more" aria-label="Pages of the list">
            <span class="quiet">
              {rows.length === 0 ? 0 : from + 1} to {from + rows.length} of {total}
            </span>
            {from > 0 && <a href={address(frame.path, { ...frame.query, from: undefined })}>First page</a>}
            {from + rows.length < (total ?? 0) && (
              <a href={address(frame.path, { ...frame.query, from: String(from + ON_PAGE) })}>Next page</a>
            )}
          </nav>
        ) : (
          <More frame={frame} next={next} of={some(rows.length, 'contract')} />
        )}
      </>
    ),
  };
};
const filtersOf = ({ effectiveOn: _, recordedAt: __, position: ___, minPosition: ____, walk: _____, ...filters }: Search) =>
  filters as Readonly<Record<string, string>>;
