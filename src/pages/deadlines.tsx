import { render } from 'preact-render-to-string';
import { deadlines } from '../../projections/deadlines.js';
import { addDays } from '../kernel/index.js';
import { Ask, Filters, Pick } from './fields.js';
import { inTurns, type Found, type Read } from './read.js';
import type { Duty } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { dateText, Day, Name, some, Tag, wordsOf, numberText } from './words.js';

const KINDS = Object.keys(deadlines.rows);
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** What has to be done by when: overdue, by month, and without a day. */
export const deadlinesPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { kind, programme, dueBy } = frame.query;
  const { rows, isAll } = await read.all<Duty>(deadlines.name, { kind, programme, dueBy });
  const today = read.today;
  const inOrder = rows.map(({ row }) => row).sort((a, b) => ((a.earliest ?? a.latest ?? '') < (b.earliest ?? b.latest ?? '') ? -1 : 1));
  const overdue = inOrder.filter(({ latest }) => latest !== null && latest < today);
  const coming = inOrder.filter(({ earliest, latest }) => (earliest ?? latest) !== null && (latest === null || latest >= today));
  const undated = inOrder.filter(({ earliest, latest }) => earliest === null && latest === null);
  const months = Map.groupBy(coming, ({ earliest, latest }) => (earliest ?? latest ?? '').slice(0, 7));
  const lines = await linesOf(inOrder, frame, today);
  return {
    title: 'Deadlines',
    programme,
    api: { json: address('/projections/deadlines', { kind, programme, dueBy, ...clocksOf(frame.query) }) },
    body: (
      <>
        <h1>Deadlines</h1>
        <Filters action={frame.path} keep={clocksOf(frame.query)}>
          <Ask name="programme" label="Programme" value={programme} />
          <Pick name="kind" label="Kind" value={kind} of={KINDS.map((one) => [one, wordsOf(one)])} />
          <Ask name="dueBy" label="Due by" value={dueBy} type="date" />
        </Filters>
        <p>
          <a href={address('/deadlines.ics', { kind, programme })}>Subscribe as a calendar (.ics)</a>
          {' · '}
          <a href={to(frame, frame.path, { programme, kind, dueBy: addDays(today, 183) })}>the next six months</a>
        </p>
        {!isAll && (
          <p class="banner warn">There are more than {numberText(rows.length)} duties: choose a programme or a kind to see all of them.</p>
        )}
        {coming.length > 0 && <Months of={months} today={today} />}
        {overdue.length > 0 && (
          <>
            <h2>Overdue</h2>
            <Duties of={overdue} lines={lines} />
          </>
        )}
        {[...months].map(([month, duties]) => (
          <>
            <h2 id={`m${month}`}>{monthText(month)}</h2>
            <Duties of={duties} lines={lines} />
          </>
        ))}
        {undated.length > 0 && (
          <>
            <h2>Without a day</h2>
            <Duties of={undated} lines={lines} />
          </>
        )}
        {rows.length === 0 && <p>Nothing is due.</p>}
      </>
    ),
  };
};
const monthText = (month: string): string => {
  const [year, n] = month.split('-');
  return `${MONTHS[Number(n) - 1] ?? ''} ${year}`;
};
/** The next twelve months at a glance. */
const Months = ({ of, today }: { readonly of: ReadonlyMap<string, readonly Duty[]>; readonly today: string }) => {
  const first = Temporal.PlainYearMonth.from(today.slice(0, 7));
  return (
    <ol class="months">
      {Array.from({ length: 12 }, (_, i) => first.add({ months: i }).toString()).map((month) => {
        const n = of.get(month)?.length ?? 0;
        return (
          <li class={n > 0 ? 'busy' : undefined}>
            {n > 0 ? <a href={`#m${month}`}>{dateText(month)}</a> : dateText(month)}
            <b>{n > 0 ? some(n, 'duty', 'duties') : '–'}</b>
          </li>
        );
      })}
    </ol>
  );
};
const Line = ({
  of: { what, due, kind, contract, latest },
  frame,
  today,
}: {
  readonly of: Duty;
  readonly frame: Frame;
  readonly today: string;
}) => (
  <li>
    {contract === null ? (
      <Name of={what} />
    ) : (
      <a href={to(frame, places.contract(contract))}>
        <Name of={what} />
      </a>
    )}{' '}
    <Tag of={kind} />
    {latest !== null && latest < today && (
      <>
        {' '}
        <span class="tag bad">overdue</span>
      </>
    )}
    <div class="when">
      <Day on={due} />
    </div>
  </li>
);
/** The HTML of each duty: there may be a thousand of them on a page. */
type Lines = ReadonlyMap<Duty, string>;
export const linesOf = async (duties: readonly Duty[], frame: Frame, today: string): Promise<Lines> => {
  const lines = new Map<Duty, string>();
  await inTurns(duties, (duty) => {
    lines.set(duty, render(<Line of={duty} frame={frame} today={today} />));
    return '';
  });
  return lines;
};
export const Duties = ({ of, lines }: { readonly of: readonly Duty[]; readonly lines: Lines }) => (
  <ul class="line" dangerouslySetInnerHTML={{ __html: of.map((duty) => lines.get(duty)).join('') }} />
);
/** Duties of a programme that its board and its pack read, in pages of 100. */
export const DUTY_PAGES = 5;
/** Days in which what is due is read as well where a programme has more duties. */
const AHEAD = 183;
export interface DutiesOf {
  readonly rows: readonly Found<Duty>[];
  readonly isAll: boolean;
  /** Whether what is due next is among them. */
  readonly hasNext: boolean;
}
/** Duties of a programme with a day: the first 500, and where there are more also the first 500 of those in the half year ahead. */
export const dutiesOf = async (read: Read, programme: string): Promise<DutiesOf> => {
  const { rows, isAll } = await read.all<Duty>(deadlines.name, { programme, dated: 'true' }, DUTY_PAGES);
  if (isAll) return { rows, isAll, hasNext: true };
  const soon = { programme, dueFrom: read.today, dueBy: addDays(read.today, AHEAD) };
  const ahead = await read.all<Duty>(deadlines.name, soon, DUTY_PAGES);
  const once = new Map([...rows, ...ahead.rows].map((one) => [one.key, one]));
  return { rows: [...once.values()], isAll, hasNext: ahead.isAll && ahead.rows.length > 0 };
};
export const AllDeadlines = ({ programme, frame }: { readonly programme: string; readonly frame: Frame }) => (
  <a href={to(frame, '/app/deadlines', { programme })}>All deadlines</a>
);
