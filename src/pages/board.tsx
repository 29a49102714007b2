import { towerBoard } from '../../projections/tower-board.js';
import { contractsOf } from './board-contracts.js';
import { Header, plainTotal } from './board-header.js';
import { Notes } from './board-notes.js';
import { rowHtml } from './board-rows.js';
import { AllDeadlines, dutiesOf } from './deadlines.js';
import { More } from './more.js';
import { nextDates } from './next-dates.js';
import { inTurns, type Read } from './read.js';
import type { BoardRow, ProgrammeRow } from './rows.js';
import { address, clocksOf, to, type Frame, type Page } from './shell.js';
import { Name, Scroll, some } from './words.js';

/** The board of one programme: everything that a board member asks of it, on one screen. */
export const boardPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const [head, page, duties] = await Promise.all([
    read.mustHave<ProgrammeRow>(towerBoard.name, `programme:${id}`, id),
    read.rows<BoardRow>(towerBoard.name, { programme: id }),
    dutiesOf(read, id),
  ]);
  const rows = page.rows.filter(({ row }) => row.group !== 'programme');
  const next = nextDates(duties.rows, read.today);
  const { contracts, isAll } = await contractsOf(read, rows);
  const past = {
    contracts: [...contracts.values()].map(({ entry }) => entry).filter(({ pastEndSince }) => pastEndSince !== null),
    isAll: isAll && page.next === undefined && read.query['cursor'] === undefined,
  };
  const groups = [
    { group: 'towers', title: 'Towers', total: head.row.totals.towers.text },
    { group: 'outside', title: 'Outside the towers', total: head.row.totals.outside.text },
    { group: 'elsewhere', title: 'Borne by others', total: undefined },
  ].map((one) => ({ ...one, rows: rows.filter(({ row }) => row.group === one.group) }));
  const bodies = new Map<string, string>();
  for (const { group, rows } of groups) bodies.set(group, await inTurns(rows, (row) => rowHtml(row, frame, next)));
  const query = { programme: id, ...clocksOf(frame.query) };
  return {
    title: `Board of ${head.row.title}`,
    programme: id,
    api: { json: address('/projections/tower-board', query), csv: address('/projections/contract-register', { ...query, format: 'csv' }) },
    body: (
      <>
        <h1>
          <Name of={head.row.title} />
        </h1>
        <p class="quiet">
          <Name of={head.row.authority} />
          {' · '}
          <a href={to(frame, `/app/programmes/${id}/pack`)}>Board pack for printing</a>
          {' · '}
          <a href={to(frame, '/app/changes', { programme: id })}>What changed</a>
        </p>
        <Header row={head.row} rows={rows} past={past} due={duties} frame={frame} today={read.today} />
        {!duties.isAll && (
          <p class="banner warn">
            There are more duties than this page reads: a next date may be missing. <AllDeadlines programme={id} frame={frame} />
          </p>
        )}
        {rows.length === 0 ? (
          <p>
            No tower and no contract is recorded {read.day === undefined ? 'yet' : 'up to that day'}.{' '}
            {frame.mayCommand && <a href={`/app/towers/-/plan-tower?programme=${id}`}>Plan a tower</a>}
          </p>
        ) : (
          <Scroll label="Towers and contracts">
            <table class="board cards">
              <caption class="hidden">Towers and contracts of {head.row.title}</caption>
              <thead>
                <tr>
                  <th scope="col">Tower</th>
                  <th scope="col">Contract and supplier</th>
                  <th scope="col">Ceiling</th>
                  <th scope="col">Term and end</th>
                  <th scope="col">Next date</th>
                  <th scope="col">People and losses</th>
                  <th scope="col">Last decision</th>
                </tr>
              </thead>
              {groups.map(
                ({ group, title, total, rows }) =>
                  rows.length > 0 && (
                    <>
                      <tbody>
                        <tr class="group">
                          <th scope="rowgroup" colSpan={7}>
                            {title}
                            {total !== undefined && <span class="quiet small"> {plainTotal(total)}</span>}
                          </th>
                        </tr>
                      </tbody>
                      <tbody dangerouslySetInnerHTML={{ __html: bodies.get(group)! }} />
                    </>
                  ),
              )}
            </table>
          </Scroll>
        )}
        <More frame={frame} next={page.next} of={some(rows.length, 'row')} />
        <Notes row={head.row} frame={frame} />
      </>
    ),
  };
};
