import { judgedBy } from '../../projections/decisions.js';
import { becameOf, replay, split, type Replay } from '../engine/audit/audit.js';
import { dossierOf } from '../engine/audit/dossier.js';
import { ruleSince } from '../engine/audit/rules.js';
import { loadFrom } from '../http/ledger.js';
import { BadRequestError } from '../http/problem.js';
import { streamOfDecision } from '../http/recorded.js';
import { checkField, plural, uuid } from '../kernel/index.js';
import type { Read } from './read.js';
import { CheckCommands, DownloadBundle, KeyAndCheckpoint } from './bundle.js';
import { KnownStreams } from './known.js';
import { Evidences, lateText, Rules } from './grounds.js';
import { places, to, type Frame, type Page } from './shell.js';
import { Day, Fields, Instant, Name, Pairs, placeText, some, Text, Value_, wordsOf } from './words.js';

/** The dossier of a decision: who decided what, on whose authority, what was known, which rules held, what became of it. */
export const decisionPage = async (read: Read, frame: Frame, id: string): Promise<Page> => {
  const [problem] = checkField(uuid(), id, '');
  if (problem) throw new BadRequestError([{ parameter: 'id', detail: problem.detail }], 'bad-parameter');
  const { ledger } = read;
  const stream = await streamOfDecision(ledger, id);
  const load = loadFrom(ledger.engine, ledger.registry);
  const history = await load(...split(stream));
  const events = history.decision(id);
  const dossier = dossierOf(events, history);
  const became = becameOf(events, history);
  const by = judgedBy(events[0]!);
  const programme = by ? await load('programme', by.programme) : undefined;
  const assessed = programme && by ? dossier.assessed.map((a) => ({ ...a, ...ruleSince(programme, by.revision, a) })) : dossier.assessed;
  const command = ledger.registry.commands.find(({ name }) => name === dossier.command);
  const again = command && (await replay(load, command, events));
  const [category, about] = split(stream);
  const bundle = { kind: 'decision', of: id } as const;
  const { record: _, ...asked } = dossier.asked as { readonly record?: unknown };
  return {
    title: `Decision: ${wordsOf(dossier.command)}`,
    clocks: false,
    programme: (dossier.asked['programme'] as string | undefined) ?? by?.programme,
    api: { json: `/decisions/${id}` },
    body: (
      <>
        <p class="crumbs">
          <a href={to(frame, '/app/decisions')}>Decisions</a>
        </p>
        <h1>
          {wordsOf(dossier.command)}
          {dossier.authority && (
            <>
              , <Name of={dossier.authority.reference} />
            </>
          )}
        </h1>
        <Became {...became} />
        <div class="columns">
          <section>
            <h2>Who, when, on whose authority</h2>
            <Pairs
              of={[
                [
                  'About',
                  <a href={places.about(category, about)}>
                    <bdi>
                      {wordsOf(category)} {about}
                    </bdi>
                  </a>,
                ],
                [
                  'Day of the act',
                  <>
                    <Day on={dossier.effectiveOn} />
                    {'daysLate' in dossier && dossier.daysLate !== undefined && (
                      <span class="quiet small"> {lateText(dossier.daysLate)}</span>
                    )}
                  </>,
                ],
                [
                  'Decided by',
                  dossier.decidedBy ? (
                    <>
                      <Name of={dossier.decidedBy.office ?? dossier.decidedBy.person} />
                      {dossier.decidedBy.office !== undefined && (
                        <span class="quiet small">
                          {' '}
                          <bdi>{dossier.decidedBy.person}</bdi>
                        </span>
                      )}
                    </>
                  ) : (
                    <span class="missing unknown">not recorded</span>
                  ),
                ],
                [
                  'Authority',
                  dossier.authority ? (
                    <a href={to(frame, '/app/decisions', { reference: dossier.authority.reference })}>
                      <Name of={dossier.authority.reference} />
                    </a>
                  ) : (
                    <span class="missing unknown">not recorded</span>
                  ),
                ],
                ['Reason', dossier.reason === undefined ? <span class="missing unknown">not recorded</span> : <Text of={dossier.reason} />],
                [
                  'Recorded',
                  <>
                    <Instant at={dossier.recordedAt} zone={frame.timeZone} /> by <Name of={dossier.actor.id} />
                    {dossier.actor.role !== undefined && `, ${dossier.actor.role}`}
                  </>,
                ],
              ]}
            />
            <h2>What was asked</h2>
            {Object.keys(asked).length === 0 ? <p class="quiet">The command alone, without further fields.</p> : <Fields of={asked} />}
          </section>
          <section>
            <h2>Evidence</h2>
            {dossier.evidence.length === 0 ? <p class="quiet">None is named.</p> : <Evidences of={dossier.evidence} />}
            <h2>Rules</h2>
            <Rules of={assessed} />
            <h2>What was known</h2>
            <KnownStreams of={dossier.known} frame={frame} />
            <h2>Replayed</h2>
            {again ? <Replayed of={again} /> : <p>The program has no command {dossier.command} any more.</p>}
          </section>
        </div>
        <h2>What was recorded</h2>
        {dossier.events.map((event) => (
          <section>
            <h3>
              {wordsOf(event.type)} {'withdrawnBy' in event && event.withdrawnBy && <span class="tag bad">withdrawn</span>}{' '}
              {event.corrections && <span class="tag warn">corrected</span>}
            </h3>
            <p class="small quiet">
              Event <span class="id">{event.event}</span>, revision {event.revision}, position {event.position} ·{' '}
              <a href={`/proofs/inclusion/${event.event}`}>proof that it is in the ledger</a>
            </p>
            <Fields of={event.data as object} />
            {(event.corrections || undefined) && (
              <ul>
                {(event.corrections || []).map(({ pointer, was, value, because }) => (
                  <li>
                    {placeText(pointer)} was <Value_ of={was} />, is now <Value_ of={value} /> ({because})
                  </li>
                ))}
              </ul>
            )}
            {(event.notes || []).map(({ note }) => (
              <p>
                Note: <Text of={note} />
              </p>
            ))}
          </section>
        ))}
        <h2>Proof</h2>
        <p>
          Decision <span class="id">{id}</span>, {some(events.length, 'event')} of <span class="id">{stream}</span>. As JSON:{' '}
          <a href={`/decisions/${id}`}>dossier</a>, <a href={`/decisions/${id}/replay`}>replay</a>,{' '}
          <a href={`/${plural(category)}/${about}/history`}>history</a>.
        </p>
        <p>
          A bundle of it is one file with the decision, what was known, and all that proves it. With <KeyAndCheckpoint /> that you keep, it
          is checked on any machine:
        </p>
        <p>
          <DownloadBundle of={bundle} called="the bundle of this decision" />
        </p>
        <CheckCommands of={bundle} />
      </>
    ),
  };
};

const Became = ({ withdrawn, corrections }: ReturnType<typeof becameOf>) => (
  <>
    {withdrawn !== undefined && (
      <div class="banner bad" role="status">
        <p>{withdrawn === 'all' ? 'This decision was withdrawn: nothing of it stands.' : 'A part of this decision was withdrawn.'}</p>
      </div>
    )}
    {corrections !== undefined && (
      <div class="banner warn" role="status">
        <p>
          What was recorded was corrected later, in {some(corrections, 'field')}. The record below is as it was made; the corrections stand
          with it.
        </p>
      </div>
    )}
  </>
);

const Replayed = ({ of }: { readonly of: Replay }) => (
  <div class={of.same ? 'banner good' : 'banner bad'}>
    <p>
      {of.same
        ? 'Taken again from what was known then: the same decision.'
        : of.refused
          ? `Taken again from what was known then, it is refused: ${of.refused.detail}`
          : `Taken again from what was known then, it differs in ${some(of.differences.length, 'place')}.`}
    </p>
    {!of.same && of.differences.length > 0 && (
      <ul>
        {of.differences.slice(0, 20).map(({ op, path }) => (
          <li>
            {op} {placeText(path)}
          </li>
        ))}
      </ul>
    )}
  </div>
);
