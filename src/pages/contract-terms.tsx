import { changeFigures, type Value } from '../kernel/index.js';
import { Steps } from './chart.js';
import { Newest } from './more.js';
import { Suppliers } from './parties.js';
import type { Change, ContractEntry, Figures } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { CountedFrom, Day, Exact, Money, Name, Pairs, percentText, Scroll, some, Tag, termText, Text, Value_, wordsOf } from './words.js';

/** A row of the register, as far as it is shown. */
export interface Registered extends ContractEntry {
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

export type Supply = Registered['suppliers'][number];

/** What a contract is, as its register says. */
export const Summary = ({
  c,
  towers,
  supplies,
  frame,
}: {
  readonly c: Registered;
  readonly towers: readonly (readonly [id: string, title: string])[];
  readonly supplies: readonly Supply[];
  readonly frame: Frame;
}) => {
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
                {towers.map(([tower, title], i) => (
                  <>
                    {i > 0 && ', '}
                    <a href={to(frame, '/app/contracts', { tower })}>
                      <Name of={title} />
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

/** How its ceiling came to be: each change, with three figures. */
export const CeilingSteps = ({ c, id, frame }: { readonly c: Registered; readonly id: string; readonly frame: Frame }) => {
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
      <Newest
        of={c.changes}
        all={c.counts['changes']}
        name="changes"
        path={`/projections/contract-register/contract:${id}/changes`}
        frame={frame}
      />
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
