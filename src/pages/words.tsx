import type { ComponentChildren } from 'preact';
import { isAmount, showAmount, showValue, type Headcount, type Value } from '../kernel/index.js';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const plainDate = (date: string): string => {
  const [year, month, day] = date.split('-');
  const name = month === undefined ? undefined : MONTHS[Number(month) - 1];
  return [day === undefined ? undefined : String(Number(day)), name, year].filter(Boolean).join(' ');
};

/** `24 August 2015`, `August 2015`, `2015`, `before 2016`, `2018 or later`, `between June 2017 and October 2020`, `date unknown`. */
export const dateText = (date: string): string => {
  const [, from, to] = /^\[([0-9-]*)\.\.([0-9-]*)\]$/.exec(date) ?? [];
  if (from === undefined || to === undefined) return date === 'unknown' ? 'date unknown' : plainDate(date);
  if (to === '') return `${plainDate(from)} or later`;
  if (from !== '') return `between ${plainDate(from)} and ${plainDate(to)}`;
  return to.endsWith('-12-31') ? `before ${Number(to.slice(0, 4)) + 1}` : `${plainDate(to)} or before`;
};
/** `26 November 2026, 09:03` in the time zone of the ledger. */
export const instantText = (instant: string, timeZone: string): string => {
  const at = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone);
  const [hour, minute] = [at.hour, at.minute].map((n) => String(n).padStart(2, '0'));
  return `${plainDate(at.toPlainDate().toString())}, ${hour}:${minute}`;
};

export const Day = ({ on }: { readonly on: string | null | undefined }) =>
  on == null ? (
    <span class="missing unknown">no date</span>
  ) : (
    <time {...(/^\d{4}(-\d\d){0,2}$/.test(on) && { datetime: on })} class={on === 'unknown' ? 'missing unknown' : undefined}>
      {dateText(on)}
    </time>
  );
export const Instant = ({ at, zone }: { readonly at: string; readonly zone: string }) => <time datetime={at}>{instantText(at, zone)}</time>;

/** `Approve change`, `Part paid`: the words of a name in code; a `uri` is an address. */
export const wordsOf = (name: string): string => {
  const words = (name === 'uri' ? 'address' : name)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** Characters of a text of the ledger that are shown at once; the rest is folded. */
const LONG = 400;
/** Words that are longer than this may be broken anywhere; others are not, so that columns stay readable. */
const wrapping = (text: string) => ({ ...(/\S{30}/.test(text) && { class: 'unbroken' }) });
const cut = (text: string, most: number): string => `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`;
/** A text of the ledger: never markup, and kept apart from the direction of the text around it. */
export const Text = ({ of }: { readonly of: string | null | undefined }) => {
  if (of == null || of === '') return null;
  if (of.length <= LONG) return <bdi {...wrapping(of)}>{of}</bdi>;
  return (
    <>
      <bdi {...wrapping(of)}>{cut(of, LONG)}</bdi>
      <details>
        <summary>All {numberText(of.length)} characters</summary>
        <p>
          <bdi {...wrapping(of)}>{of}</bdi>
        </p>
      </details>
    </>
  );
};
/** A name in a table or a heading: cut where it is very long, since the page of its own has all of it. */
export const Name = ({ of }: { readonly of: string | null | undefined }) => {
  const name = of == null || of === '' ? 'without a title' : of.length > 160 ? cut(of, 159) : of;
  return <bdi {...wrapping(name)}>{name}</bdi>;
};
/** A source by its address; any other scheme than http stays a text. */
export const Source = ({ uri, title }: { readonly uri?: string | undefined; readonly title?: string | undefined }) =>
  uri !== undefined && /^https?:\/\//i.test(uri) ? (
    <a href={uri} rel="noreferrer noopener external">
      <Name of={title ?? uri} />
    </a>
  ) : (
    <Name of={title ?? uri} />
  );

const exactly = (value: Value): string | undefined => {
  if (!isAmount(value)) return undefined;
  const [whole = '', fraction] = value.amount.split('.');
  return `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}${fraction === undefined ? '' : `.${fraction}`} ${value.currency}`;
};
/** A value for people. What is unknown, not disclosed or withheld never looks like zero, or like one of the others. */
export const Money = ({ of }: { readonly of: Value | null | undefined }) => {
  if (of == null) return <span class="quiet">none</span>;
  if (isAmount(of))
    return (
      <data class="money" value={`${of.amount} ${of.currency}`} title={exactly(of)}>
        {showAmount(of)}
      </data>
    );
  const kind = 'undisclosed' in of ? 'undisclosed' : 'withheld' in of ? 'withheld' : 'unknown';
  return <span class={`missing ${kind}`}>{showValue(of).replace(/^undisclosed/, 'not disclosed')}</span>;
};
/** Says of a last day that nobody stated it, nor the first day of the term. */
export const CountedFrom = ({ basis }: { readonly basis: string | null | undefined }) =>
  basis === 'service-start' ? <span class="small quiet"> counted from the start of the service</span> : null;
/** The value with every digit, for who asks. */
export const Exact = ({ of }: { readonly of: Value }) => (
  <span class="num">
    {isAmount(of) && of.qualifier !== undefined && of.qualifier !== 'exact' && `${of.qualifier.replace('-', ' ')} `}
    {exactly(of) ?? showValue(of)}
  </span>
);

const numbers = new Intl.NumberFormat('en-GB');
/** `12,345`. */
export const numberText = (n: number): string => numbers.format(n);
/** `12 contracts`, `1 contract`. */
export const some = (n: number, one: string, many = `${one}s`): string => `${numberText(n)} ${n === 1 ? one : many}`;
export const termText = (months: number): string => (months % 12 === 0 ? some(months / 12, 'year') : `${some(months, 'month')}`);
/** `0.735` → `73.5 %`; other texts stay. */
export const percentText = (ratio: string): string =>
  /^-?\d+(\.\d+)?$/.test(ratio) ? `${(Math.round(Number(ratio) * 1000) / 10).toFixed(1)} %` : ratio;

const TONES: Readonly<Record<string, string>> = {
  live: 'good',
  met: 'good',
  accepted: 'good',
  serving: 'good',
  'notice-given': 'warn',
  exiting: 'warn',
  waived: 'warn',
  'not-assessable': 'warn',
  'not-met': 'bad',
  'written-off': 'bad',
  cancelled: 'off',
  closed: 'off',
  planned: 'off',
};
export const Tag = ({ of, tone = TONES[of] ?? '' }: { readonly of: string; readonly tone?: string }) => (
  <span class={`tag ${tone}`}>{wordsOf(of)}</span>
);

export const Pairs = ({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren] | false | null | undefined)[];
}) => (
  <dl class="pairs">
    {of.map(
      (pair) =>
        pair && (
          <>
            <dt>{pair[0]}</dt>
            <dd>{pair[1]}</dd>
          </>
        ),
    )}
  </dl>
);
export const Tile = ({
  label,
  figure,
  alert,
  children,
}: {
  readonly label: string;
  readonly figure: ComponentChildren;
  readonly alert?: boolean | undefined;
  readonly children?: ComponentChildren;
}) => (
  <div class={alert ? 'tile alert' : 'tile'}>
    <dt>{label}</dt>
    <dd>
      <span class="figure">{figure}</span>
      {children}
    </dd>
  </div>
);
/** A table that scrolls by itself, also by keyboard, where the page is narrow. */
export const Scroll = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={label}>
    {children}
  </div>
);

/** A value of an event or a state, in words: for data of any shape. */
export const Value_ = ({ of }: { readonly of: unknown }): ComponentChildren => {
  if (of === null || of === undefined) return <span class="quiet">nothing</span>;
  if (typeof of === 'boolean') return of ? 'yes' : 'no';
  if (typeof of === 'number') return numberText(of);
  if (typeof of === 'string') return /^(\d{4}-\d\d-\d\d|\[[0-9-]*\.\.[0-9-]*\])$/.test(of) ? <Day on={of} /> : <Text of={of} />;
  if (Array.isArray(of)) return of.length === 0 ? <span class="quiet">none</span> : <Listed of={of} />;
  if (isValue(of)) return <Money of={of} />;
  return <Fields of={of as object} />;
};
const LISTED = 20;
const Listed = ({ of }: { readonly of: readonly unknown[] }) => (
  <ul>
    {of.slice(0, LISTED).map((item) => (
      <li>
        <Value_ of={item} />
      </li>
    ))}
    {of.length > LISTED && <li class="quiet">and {some(of.length - LISTED, 'more', 'more')}</li>}
  </ul>
);
/** The fields of an object of any shape. */
export const Fields = ({ of }: { readonly of: object }) =>
  Object.keys(of).length === 0 ? null : (
    <Pairs of={Object.entries(of).map(([name, value]) => [wordsOf(name), <Value_ of={value} />] as const)} />
  );
const isValue = (of: unknown): of is Value => {
  const { amount, currency, undisclosed, withheld, unknown } = of as Readonly<Record<string, unknown>>;
  if (typeof amount === 'string' && typeof currency === 'string') return /^-?\d{1,18}(\.\d+)?$/.test(amount) && /^[A-Z]{3}$/.test(currency);
  return undisclosed === true || unknown === true || (typeof withheld === 'object' && withheld !== null);
};
/** `/term/months` → `Term, months`; `/evidence/0/uri` → `Evidence 1, address`, since people count from one. */
export const placeText = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((step, i) => {
      if (i > 0 && /^\d{1,3}$/.test(step)) return ` ${Number(step) + 1}`;
      return i === 0 ? wordsOf(step) : `, ${wordsOf(step).toLowerCase()}`;
    })
    .join('') || 'All of it';

/** Such as `about 300 people`. */
export const headcountText = ({ count, qualifier, unit }: Headcount): string =>
  `${qualifier && qualifier !== 'exact' ? `${qualifier.replace('-', ' ')} ` : ''}${count} ${unit}`;
