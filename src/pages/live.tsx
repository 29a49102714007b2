import type { Read } from './read.js';
import { address, places, to, type Frame, type Page } from './shell.js';
import { Day, Instant, Name, wordsOf } from './words.js';

/** Events that the page has at first. */
const MOST = 30;
/** Events that are looked at for them. */
const LOOKED_AT = 2000;

/** Events as they come, of the whole ledger, a programme or a contract. Without script the page shows the newest when it is opened. */
export const livePage = async (read: Read, frame: Frame): Promise<Page> => {
  const { programme, contract } = frame.query;
  const { projector } = read.ledger;
  const tag = contract !== undefined ? `contract:${contract}` : programme !== undefined ? `programme:${programme}` : undefined;
  const newest = await projector.events({
    tags: tag === undefined ? [] : [tag],
    after: Math.max(0, read.at - LOOKED_AT),
    limit: LOOKED_AT,
  });
  const events = await Promise.all(
    newest
      .slice(-MOST)
      .reverse()
      .map((event) => projector.event(event)),
  );
  return {
    title: 'Live',
    clocks: false,
    programme,
    api: { json: address('/events', { subject: tag }) },
    body: (
      <>
        <h1>Live</h1>
        <form class="filters" method="get" action={frame.path}>
          <div>
            <label for="q-programme">Programme</label>
            <input id="q-programme" name="programme" value={programme ?? ''} />
          </div>
          <div>
            <label for="q-contract">or contract</label>
            <input id="q-contract" name="contract" value={contract ?? ''} />
          </div>
          <button>Show</button>
        </form>
        <p class="quiet" role="status" id="live-state">
          The newest events when this page was opened. <a href={address(frame.path, frame.query)}>Look again</a>
        </p>
        <ol
          class="line"
          id="live"
          data-live={address('/app/live/events', contract === undefined ? { programme } : { contract })}
          aria-live="polite"
        >
          {events.map(({ type, stream, metadata, id }) => (
            <li id={`e${id}`}>
              <a href={to(frame, places.decision(metadata.command.id))}>{wordsOf(type)}</a> <bdi>{stream.replace('-', ' ')}</bdi>
              <div class="when">
                <Day on={metadata.effectiveOn} /> · recorded <Instant at={metadata.recordedAt} zone={frame.timeZone} /> by{' '}
                <Name of={metadata.actor.id} />
              </div>
            </li>
          ))}
        </ol>
        {events.length === 0 && <p>Nothing is recorded yet.</p>}
      </>
    ),
  };
};
