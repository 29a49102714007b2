import type { entryViews, historyPage } from '../engine/audit/audit.js';
import { Evidences, lateText } from './grounds.js';
import { places, to, type Frame } from './shell.js';
import { Day, Fields, Instant, Name, placeText, some, Tag, Text, Value_, wordsOf } from './words.js';

type EntryView = Awaited<ReturnType<typeof entryViews>>[number];
/** The facts of a stream by the day of each act: compact, and each opens into its details. */
export const Facts = ({
  entries,
  frame,
  inView,
  path,
}: {
  readonly entries: readonly EntryView[];
  readonly frame: Frame;
  /** The events of the day that is looked at; undefined when it is now. */
  readonly inView: ReadonlySet<string> | undefined;
  /** The page of the stream: commands about its facts are under it. */
  readonly path: string;
}) => (
  <ol class="line">
    {entries.map((entry) => (
      <Fact entry={entry} frame={frame} isLater={inView !== undefined && !inView.has(entry.event)} path={path} />
    ))}
  </ol>
);
const Fact = ({
  entry,
  frame,
  isLater,
  path,
}: {
  readonly entry: EntryView;
  readonly frame: Frame;
  readonly isLater: boolean;
  readonly path: string;
}) => {
  const { decidedBy, authority, reason } = entry;
  const marks = [
    ...(isLater ? ['after the day looked at'] : []),
    ...(entry.corrections.length > 0 ? ['corrected'] : []),
    ...(entry.notes.length > 0 ? [some(entry.notes.length, 'note')] : []),
    ...('daysLate' in entry && (entry.daysLate ?? 0) > 0 ? [lateText(entry.daysLate ?? 0)] : []),
  ];
  return (
    <li class={entry.notes.length + entry.corrections.length > 0 ? 'noted' : undefined} id={entry.event}>
      <strong>{wordsOf(entry.type)}</strong>{' '}
      {marks.map((mark) => (
        <>
          <span class="tag off">{mark}</span>{' '}
        </>
      ))}
      {(entry.assessed ?? []).map(({ result, rule }) => (
        <>
          <Tag of={result} /> <span class="small quiet">{rule}</span>{' '}
        </>
      ))}
      <div class="when">
        <Day on={entry.effectiveOn} />
        {decidedBy && (
          <>
            {' · decided by '}
            <Name of={decidedBy.office ?? decidedBy.person} />
          </>
        )}
        {authority && (
          <>
            {' · '}
            <a href={to(frame, '/app/decisions', { reference: authority.reference })}>
              <Name of={authority.reference} />
            </a>
          </>
        )}
      </div>
      <details>
        <summary>Details</summary>
        <div>
          <Fields of={entry.data as object} />
          {reason !== undefined && (
            <p>
              <b>Why:</b> <Text of={reason} />
            </p>
          )}
          <Evidences of={entry.evidence} />
          {entry.corrections.map(({ pointer, was, value, because }) => (
            <p class="small">
              Corrected ({because}): {placeText(pointer)} was <Value_ of={was} />, is <Value_ of={value} />
            </p>
          ))}
          {entry.notes.map(({ note, claim }) => (
            <p class="small">
              Note: <Text of={note} />
              {claim && (
                <>
                  {' '}
                  Claim: {placeText(claim.pointer)} is <Value_ of={claim.value} />
                </>
              )}
            </p>
          ))}
          <p class="small">
            <a href={to(frame, places.decision(entry.decision))}>The decision</a> · recorded{' '}
            <Instant at={entry.recordedAt} zone={frame.timeZone} /> by <Name of={entry.actor.id} />
            {frame.mayCommand && (
              <span class="noprint">
                {' · '}
                <a href={`${path}/correct-fact?event=${entry.event}`}>Correct</a>
                {' · '}
                <a href={`${path}/withdraw-fact?event=${entry.event}`}>Withdraw</a>
                {' · '}
                <a href={`${path}/annotate?event=${entry.event}`}>Annotate</a>
              </span>
            )}
          </p>
        </div>
      </details>
    </li>
  );
};

type Page_ = Awaited<ReturnType<typeof historyPage>>;
/** What was corrected, noted and withdrawn of a stream. */
export const LedgerFacts = ({ ledger, withdrawn, frame }: Pick<Page_, 'ledger' | 'withdrawn'> & { readonly frame: Frame }) =>
  ledger.length + withdrawn.length === 0 ? null : (
    <details>
      <summary>
        {some(ledger.length, 'correction or note', 'corrections and notes')}
        {withdrawn.length > 0 && `, ${some(withdrawn.length, 'fact')} withdrawn`}
      </summary>
      <ul>
        {ledger.map(({ type, recordedAt, decision }) => (
          <li>
            <a href={to(frame, places.decision(decision))}>{wordsOf(type)}</a> <Instant at={recordedAt} zone={frame.timeZone} />
          </li>
        ))}
        {withdrawn.map(({ type, effectiveOn }) => (
          <li>
            {wordsOf(type ?? 'fact')} of <Day on={effectiveOn} /> <span class="tag bad">withdrawn</span>
          </li>
        ))}
      </ul>
    </details>
  );
