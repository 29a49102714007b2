import type { Receipt } from '../engine/write/receipt.js';
import { isUnmet, type Json } from '../kernel/index.js';
import { actionOf, NEW, type Form } from './form.js';
import { KnownStreams } from './known.js';
import { Rules } from './grounds.js';
import type { Frame, Page } from './shell.js';
import { Fields, some, wordsOf } from './words.js';

/** What would be recorded, before it is. */
export const checkPage = (form: Form, receipt: Receipt, frame: Frame): Page => {
  const { command, aggregate, body } = form;
  const { record, ...own } = body as { readonly record?: Json };
  const unmet = receipt.assessed.filter(isUnmet);
  const title = `Check your answers: ${wordsOf(command.name)}`;
  return {
    title,
    clocks: false,
    programme: typeof body['programme'] === 'string' ? body['programme'] : undefined,
    body: (
      <>
        <h1>{title}</h1>
        {receipt.outcome === 'already-so' ? (
          <div class="banner">
            <p>It is so already: nothing would be recorded.</p>
          </div>
        ) : (
          unmet.length > 0 && (
            <div class="banner warn">
              <p>
                It would be recorded with {some(unmet.length, 'rule')} that {unmet.length === 1 ? 'is' : 'are'} not met.
              </p>
            </div>
          )
        )}
        <div class="columns">
          <section>
            <h2>What you entered</h2>
            <p>
              {wordsOf(aggregate.category)} <b class="id">{form.id === NEW ? form.newId : form.id}</b>
            </p>
            <Fields of={own} />
            {record !== undefined && <Fields of={record as object} />}
          </section>
          <section>
            <h2>What would be recorded</h2>
            <ul class="line">
              {receipt.events.map(({ type }) => (
                <li>{wordsOf(type)}</li>
              ))}
            </ul>
            <h2>Rules</h2>
            <Rules of={receipt.assessed} />
            <h2>What it is decided on</h2>
            <KnownStreams of={receipt.known} frame={frame} />
          </section>
        </div>
        <form method="post" action={actionOf(form)}>
          <input type="hidden" name="csrf" value={frame.csrf} />
          <input type="hidden" name="key" value={form.key} />
          <input type="hidden" name="body" value={JSON.stringify(body)} />
          <input type="hidden" name="revision" value={receipt.revision} />
          {form.id === NEW && <input type="hidden" name="#id" value={form.newId ?? ''} />}
          {receipt.outcome !== 'already-so' && (
            <button class="govuk-button" name="step" value="send">
              Record it
            </button>
          )}{' '}
          <button class="govuk-button govuk-button--secondary" name="step" value="edit">
            Change your answers
          </button>
        </form>
      </>
    ),
  };
};
