import { exposure } from '../../projections/exposure.js';
import type { Total } from '../kernel/index.js';
import { More, Newest } from './more.js';
import { CommandLinks } from './command-links.js';
import { Losses, NotedList } from './noted.js';
import type { Read } from './read.js';
import { partiesOf, type ContractEntry, type LossLine, type Noted } from './rows.js';
import { address, clocksOf, places, to, type Frame, type Page } from './shell.js';
import { Day, Fields, Money, Name, Pairs, Scroll, some, Tag, Tile, Value_, wordsOf } from './words.js';
import type { Value } from '../kernel/index.js';

type Sum = Total & { readonly text: string };
type LostBy = Readonly<Record<'gross' | 'net' | 'recovered' | 'outstanding', Sum>> & { readonly losses: number };
interface Exposed {
  readonly supplier: string;
  readonly title: string;
  readonly formerNames?: readonly unknown[];
  readonly suspended?: unknown;
  readonly merged?: unknown;
  readonly form?: string;
  readonly members?: readonly unknown[];
  readonly ceiling: Sum;
  readonly contracts: readonly {
    readonly contract: string;
    readonly title: string;
    readonly stage: string;
    readonly ceiling: Value;
    readonly pastEndSince: string | null;
    readonly suppliers: ContractEntry['suppliers'];
  }[];
  readonly losses: Readonly<Record<'authority' | 'supplier' | 'elsewhere', LostBy>>;
  readonly lossList: readonly LossLine[];
  readonly warnings: readonly Noted[];
  readonly risks: readonly Noted[];
  readonly counts: Readonly<Record<string, number>>;
}
const plain = (text: string): string => text.replace('undisclosed', 'not disclosed');

export const suppliersPage = async (read: Read, frame: Frame): Promise<Page> => {
  const { rows, next } = await read.rows<Exposed>(exposure.name, { kind: 'supplier' }, 50);
  return {
    title: 'Suppliers',
    api: { json: address('/projections/exposure', { kind: 'supplier', ...clocksOf(frame.query) }) },
    body: (
      <>
        <h1>Suppliers</h1>
        {rows.length === 0 ? (
          <p>No supplier is registered. {frame.mayCommand && <a href="/app/suppliers/-/register-supplier">Register a supplier</a>}</p>
        ) : (
          <Scroll label="Suppliers">
            <table class="cards">
              <caption class="hidden">Suppliers and what is at stake with each</caption>
              <thead>
                <tr>
                  <th scope="col">Supplier</th>
                  <th scope="col" class="right">
                    Contracts
                  </th>
                  <th scope="col" class="right">
                    Ceilings together
                  </th>
                  <th scope="col" class="right">
                    Losses, net
                  </th>
                  <th scope="col" class="right">
                    Elsewhere
                  </th>
                  <th scope="col">Warnings and risks</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(({ row }) => (
                  <tr>
                    <th scope="row">
                      <a href={to(frame, places.supplier(row.supplier))}>
                        <Name of={row.title} />
                      </a>
                    </th>
                    <td class="right" data-label="Contracts">
                      {row.counts['contracts']}
                    </td>
                    <td class="right" data-label="Ceilings together">
                      {plain(row.ceiling.text)}
                    </td>
                    <td class="right" data-label="Losses, net">
                      {row.losses.authority.net.text}
                    </td>
                    <td class="right" data-label="Elsewhere">
                      {row.losses.elsewhere.net.text}
                    </td>
                    <td data-label="Warnings and risks">
                      {(row.counts['warnings'] ?? 0) + (row.counts['risks'] ?? 0) || <span class="quiet nil">–</span>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <More frame={frame} next={next} of={some(rows.length, 'supplier')} />
      </>
    ),
  };
};

export const supplierPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const [{ row }, history] = await Promise.all([read.mustHave<Exposed>(exposure.name, `supplier:${id}`), read.history('supplier', id)]);
  const state = (read.day === undefined ? history.state : history.asOf(read.day).state) as Readonly<Record<string, unknown>>;
  const { title: _, stage: __, references, ...about } = state;
  const list = `/projections/exposure/supplier:${id}`;
  return {
    title: row.title,
    api: { json: address(`/projections/exposure/supplier:${id}`, clocksOf(frame.query)) },
    body: (
      <>
        <p class="crumbs">
          <a href={to(frame, '/app/suppliers')}>Suppliers</a>
        </p>
        <h1>
          <Name of={row.title} />
        </h1>
        {row.suspended != null && (
          <div class="banner warn">
            <p>
              Suspended: <Value_ of={row.suspended} />
            </p>
          </div>
        )}
        {row.merged != null && (
          <div class="banner">
            <p>
              Merged: <Value_ of={row.merged} />
            </p>
          </div>
        )}
        <dl class="tiles">
          <Tile label={some(row.counts['contracts'] ?? 0, 'contract')} figure={plain(row.ceiling.text)}>
            <p>ceilings together</p>
          </Tile>
          <Tile label="Losses that the authority bears" figure={row.losses.authority.net.text}>
            <p>
              gross {row.losses.authority.gross.text}, outstanding {row.losses.authority.outstanding.text}
            </p>
          </Tile>
          <Tile label="Losses that the supplier bears" figure={row.losses.supplier.net.text}>
            <p>gross {row.losses.supplier.gross.text}</p>
          </Tile>
          <Tile label="Elsewhere, in no total of ours" figure={row.losses.elsewhere.net.text}>
            <p>gross {row.losses.elsewhere.gross.text}</p>
          </Tile>
        </dl>
        <div class="columns">
          <section>
            <h2>Contracts</h2>
            {row.contracts.length === 0 ? (
              <p class="quiet">None is recorded.</p>
            ) : (
              <table class="cards">
                <caption class="hidden">Contracts with this supplier</caption>
                <thead>
                  <tr>
                    <th scope="col">Contract</th>
                    <th scope="col">Stage</th>
                    <th scope="col" class="right">
                      Ceiling
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {row.contracts.map((c) => (
                    <tr>
                      <th scope="row">
                        <a href={to(frame, places.contract(c.contract))}>
                          <Name of={c.title || c.contract} />
                        </a>
                      </th>
                      <td data-label="Stage">
                        <Tag of={c.stage} /> {c.pastEndSince !== null && <span class="tag bad">past its end</span>}
                      </td>
                      <td class="right" data-label="Ceiling">
                        <Money of={c.ceiling} />
                        {partiesOf(c)
                          .filter((one) => one.id === id && one.part !== undefined)
                          .map(({ part }) => (
                            <p class="small quiet">{part}</p>
                          ))}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            {(row.counts['contracts'] ?? 0) > row.contracts.length && (
              <p>
                <a href={to(frame, '/app/contracts', { supplier: id })}>All {row.counts['contracts']} contracts</a>
              </p>
            )}
            <h2>Losses</h2>
            <Losses of={row.lossList} frame={frame} />
            <Newest of={row.lossList} all={row.counts['losses']} name="losses" path={`${list}/losses`} frame={frame} />
          </section>
          <section>
            <h2>Warnings and risks</h2>
            <NotedList of={[...row.warnings, ...row.risks]} />
            <Newest of={row.warnings} all={row.counts['warnings']} name="warnings" path={`${list}/warnings`} frame={frame} />
            <Newest of={row.risks} all={row.counts['risks']} name="risks" path={`${list}/risks`} frame={frame} />
            <h2>Who it is</h2>
            <Fields of={about} />
            {Array.isArray(references) && references.length > 0 && (
              <Pairs
                of={(references as readonly { readonly scheme: string; readonly id: string }[])
                  .slice(0, 20)
                  .map(({ scheme, id }) => [scheme, <bdi>{id}</bdi>] as const)}
              />
            )}
            {history.entries.length > 0 && (
              <>
                <h3>What happened</h3>
                <ul>
                  {history.entries.slice(-20).map(({ recorded, effectiveOn }) => (
                    <li>
                      <a href={to(frame, places.decision(recorded.metadata.command.id))}>{wordsOf(recorded.type)}</a>{' '}
                      <Day on={effectiveOn} />
                    </li>
                  ))}
                </ul>
              </>
            )}
            {frame.mayCommand && (
              <>
                <h2 class="noprint">Record</h2>
                <CommandLinks category="supplier" id={id} history={history} frame={frame} />
              </>
            )}
          </section>
        </div>
      </>
    ),
  };
};
