import { lagOf } from '../http/ledger.js';
import type { Read } from './read.js';
import type { Frame, Page } from './shell.js';
import { Pairs, Scroll, some, Tag, numberText } from './words.js';

/** What an operator asks first: whether the projections follow, and which streams cannot be read. */
export const healthPage = async (read: Read, _: Frame): Promise<Page> => {
  const { projector, store } = read.ledger;
  const lag = await lagOf(read.ledger);
  const projections = projector.list();
  const faulted = [...new Set(projections.flatMap(({ faulted }) => faulted.map(String)))];
  const isWell = store.failure === undefined && projector.failed === undefined && projections.every(({ state }) => state === 'serving');
  return {
    title: 'Health of the ledger',
    clocks: false,
    api: { json: '/readyz' },
    body: (
      <>
        <h1>Health of the ledger</h1>
        <div class={isWell ? 'banner good' : 'banner bad'} role="status">
          <p>{isWell ? 'The store answers and every projection follows it.' : 'Something needs a look.'}</p>
        </div>
        <Pairs
          of={[
            ['Store', store.failure ? store.failure.message : store.refusing ? store.refusing.message : 'answers'],
            ['Events', numberText(projector.sequence)],
            ['Behind the log', some(lag, 'event')],
            ['Last record', projector.watermark ?? 'nothing is recorded'],
            ['Time zone of the ledger', read.timeZone],
            ['Ledger', <span class="id">{store.genesis.ledgerId}</span>],
            ['Streams that cannot be read', faulted.length === 0 ? 'none' : faulted.slice(0, 20).join(', ')],
          ]}
        />
        <h2>Projections</h2>
        <Scroll label="Projections">
          <table class="cards">
            <caption class="hidden">Projections and how far each has read</caption>
            <thead>
              <tr>
                <th scope="col">Projection</th>
                <th scope="col">State</th>
                <th scope="col">Version</th>
                <th scope="col" class="right">
                  Behind
                </th>
              </tr>
            </thead>
            <tbody>
              {projections.map(({ name, question, state, version, behind }) => (
                <tr>
                  <th scope="row">
                    {name}
                    <p class="small quiet">{question}</p>
                  </th>
                  <td data-label="State">
                    <Tag of={state} />
                  </td>
                  <td data-label="Version">{version}</td>
                  <td class="right" data-label="Behind">
                    {some(behind + lag, 'event')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <p>
          <a href="/metrics">Metrics</a>
        </p>
      </>
    ),
  };
};
