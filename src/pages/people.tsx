import { staffMovements } from '../../projections/staff-movements.js';
import { transferRegister } from '../../projections/transfer-register.js';
import { More } from './more.js';
import { Ask, Filters } from './fields.js';
import type { Read } from './read.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { Day, Name, numberText, Scroll, some, Tag, wordsOf } from './words.js';

interface Place {
  readonly employer: string;
  readonly function: string;
  readonly unit: string;
}
interface Movement {
  readonly kind: string;
  readonly programme: string;
  readonly employer: string;
  readonly function: string;
  readonly unit: string;
  readonly lines: readonly { readonly line: string; readonly text: string }[];
  readonly closing: string;
  readonly sum: string;
  readonly check: string;
  readonly balances: boolean | null;
}
interface Transfer {
  readonly kind: string;
  readonly programme: string;
  readonly plan?: string;
  readonly transfer?: string;
  readonly from: Place;
  readonly to: Place;
  readonly contract: string | null;
  readonly basis?: string | null;
  readonly status?: string;
  readonly inScope?: unknown;
  readonly moved?: unknown;
  readonly on: string;
  readonly expectedOn?: string | null;
  readonly transferOn?: string | null;
  readonly liability?: { readonly result?: string; readonly daysLate?: number | null; readonly delivered?: string } | null;
  readonly findings: readonly { readonly text: string }[];
}
const counted = (of: unknown): string => {
  if (of === null || of === undefined) return 'unknown';
  if (typeof of === 'number' || typeof of === 'string') return String(of);
  const { count, qualifier } = of as { readonly count?: string | number; readonly qualifier?: string };
  return `${qualifier && qualifier !== 'exact' ? `${qualifier.replace('-', ' ')} ` : ''}${count ?? 'unknown'}`;
};

/** People: plans and transfers, and how each pool came from its opening to its closing. */
export const peoplePage = async (read: Read, frame: Frame): Promise<Page> => {
  const { programme } = frame.query;
  const [register, pools] = await Promise.all([
    read.all<Transfer>(transferRegister.name, { programme }, 2),
    read.rows<Movement>(staffMovements.name, { programme, kind: 'pool' }, 30),
  ]);
  const query = { programme, ...clocksOf(frame.query) };
  return {
    title: 'People',
    programme,
    api: { json: address('/projections/transfer-register', query), csv: undefined },
    body: (
      <>
        <h1>People</h1>
        <Filters action={frame.path} keep={clocksOf(frame.query)}>
          <Ask name="programme" label="Programme" value={programme} />
        </Filters>
        <h2>Plans and transfers</h2>
        {register.rows.length === 0 ? (
          <p class="quiet">None is recorded.</p>
        ) : (
          <Scroll label="Plans and transfers of staff">
            <table class="cards">
              <caption class="hidden">Plans and transfers of staff</caption>
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">From and to</th>
                  <th scope="col" class="right">
                    In scope
                  </th>
                  <th scope="col" class="right">
                    Moved
                  </th>
                  <th scope="col">When</th>
                  <th scope="col">Liability information</th>
                </tr>
              </thead>
              <tbody>
                {register.rows.map(({ row: t }) => (
                  <tr>
                    <th scope="row">
                      {wordsOf(t.kind)} <bdi>{t.transfer ?? t.plan}</bdi>
                      {t.status !== undefined && (
                        <>
                          {' '}
                          <Tag of={t.status} />
                        </>
                      )}
                      <p class="small quiet">
                        {t.basis != null && wordsOf(t.basis)}
                        {t.contract !== null && (
                          <>
                            {' '}
                            ·{' '}
                            <a href={to(frame, places.contract(t.contract))}>
                              <bdi>{t.contract}</bdi>
                            </a>
                          </>
                        )}
                      </p>
                      {t.findings.map(({ text }) => (
                        <p class="small">
                          <span class="tag warn">finding</span> <Name of={text} />
                        </p>
                      ))}
                    </th>
                    <td data-label="From and to">
                      <bdi>{t.from.employer}</bdi>, {t.from.function} → <bdi>{t.to.employer}</bdi>, {t.to.function}
                    </td>
                    <td class="right" data-label="In scope">
                      {counted(t.inScope)} {t.from.unit}
                    </td>
                    <td class="right" data-label="Moved">
                      {counted(t.moved)}
                    </td>
                    <td data-label="When">
                      <Day on={t.transferOn ?? t.expectedOn ?? t.on} />
                    </td>
                    <td data-label="Liability information">
                      {t.liability?.result === undefined ? <span class="quiet nil">–</span> : wordsOf(t.liability.result)}
                      {t.liability?.daysLate != null && ` by ${some(t.liability.daysLate, 'day')}`}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        {!register.isAll && (
          <p class="banner warn">
            The first {numberText(register.rows.length)} of more{programme === undefined && ': choose a programme'}.{' '}
            <a href={address('/projections/transfer-register', query)}>All of them as JSON</a>
          </p>
        )}
        <h2>Pools, from opening to closing</h2>
        {pools.rows.length === 0 && <p class="quiet">No pool is recorded.</p>}
        <div class="pools">
          {pools.rows.map(({ row }) => (
            <table>
              <caption>
                <bdi>{row.employer}</bdi>, {row.function}, {row.unit}
              </caption>
              <tbody>
                {row.lines.map(({ line, text }) => (
                  <tr>
                    <th scope="row">{wordsOf(line)}</th>
                    <td class="right num">{text}</td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row">Closing</th>
                  <td class="right num">{row.closing}</td>
                </tr>
                <tr>
                  <td colSpan={2} class="small quiet">
                    {row.check}
                  </td>
                </tr>
              </tfoot>
            </table>
          ))}
        </div>
        <More frame={frame} next={pools.next} of={some(pools.rows.length, 'pool')} />
      </>
    ),
  };
};
