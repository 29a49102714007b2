import { Newest } from './more.js';
import type { ProgrammeRow } from './rows.js';
import type { Frame } from './shell.js';
import { Day, Money, Name, Text } from './words.js';

/** Of how many warnings and risks of a programme a page has the newest. */
export const NewestNoted = ({ row, frame }: { readonly row: ProgrammeRow; readonly frame: Frame }) =>
  (['warnings', 'risks'] as const).map((name) => (
    <Newest
      of={row[name]}
      all={row.counts[name]}
      name={name}
      path={`/projections/programme/programme:${row.programme}/${name}`}
      frame={frame}
    />
  ));

/** Below the board: warnings and risks, and what the programme has set itself. */
export const Notes = ({ row, frame }: { readonly row: ProgrammeRow; readonly frame: Frame }) => (
  <div class="columns" id="warnings">
    <section>
      <h2>Warnings and risks</h2>
      {row.warnings.length + row.risks.length === 0 && <p class="quiet">None is recorded.</p>}
      <ul class="line">
        {[...row.warnings, ...row.risks].map(({ summary, by, on, warning, source, answers, closed }) => (
          <li>
            <Text of={summary} />
            <div class="when">
              {warning === undefined ? 'Risk' : 'Warning'}
              {closed != null && ', closed'}
              {(answers?.length ?? 0) > 0 && ', answered'}
              {by !== undefined && (
                <>
                  {' '}
                  by <Name of={by} />
                </>
              )}
              , <Day on={on} />
              {source?.title !== undefined && (
                <>
                  {' · '}
                  <Name of={source.title} />
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
      <NewestNoted row={row} frame={frame} />
    </section>
    <section>
      <h2>Strategy, targets and policy</h2>
      <ul>
        {row.strategies.map(({ title, published, reviewDue }) => (
          <li>
            Strategy <Name of={title} />
            {published !== undefined && (
              <>
                , published <Day on={published} />
              </>
            )}
            {reviewDue !== undefined && (
              <>
                , review due <Day on={reviewDue} />
              </>
            )}
          </li>
        ))}
        {row.savings.targets.map(({ title, recorded, verified }) => (
          <li>
            <Name of={title} />: {recorded} recorded, {verified} verified
          </li>
        ))}
        {row.headcountTargets.map(({ title, text }) => (
          <li>
            <Name of={title} />: {text}
          </li>
        ))}
        {(row.budgets ?? [])
          .filter(({ counts }) => counts)
          .map(({ year, kind, amount }) => (
            <li>
              Budget {year}, {kind}: <Money of={amount} />
            </li>
          ))}
        {row.policies.map(({ title, version, inForceFrom }) => (
          <li>
            <Name of={title} /> ({version}), in force from <Day on={inForceFrom} />
          </li>
        ))}
      </ul>
      {frame.mayCommand && (
        <p class="noprint">
          <a href={`/app/programmes/${row.programme}`}>Record something about the programme</a>
        </p>
      )}
    </section>
  </div>
);
