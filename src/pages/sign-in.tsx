import type { Frame, Page } from './shell.js';

/** Where a token is entered. Nothing of the ledger is on it. */
export const signInPage = (frame: Frame, next: string, wrong?: string): Page => ({
  title: wrong === undefined ? 'Sign in' : 'Error: Sign in',
  clocks: false,
  status: wrong === undefined ? 200 : 401,
  body: (
    <>
      {wrong !== undefined && (
        <div class="govuk-error-summary" role="alert" tabIndex={-1}>
          <h2 class="govuk-error-summary__title">There is a problem</h2>
          <ul class="govuk-error-summary__list">
            <li>
              <a href="#token">{wrong}</a>
            </li>
          </ul>
        </div>
      )}
      <h1>Sign in</h1>
      <form method="post" action="/app/sign-in" class="command">
        <input type="hidden" name="csrf" value={frame.csrf} />
        <input type="hidden" name="next" value={next} />
        <div class={wrong === undefined ? 'govuk-form-group' : 'govuk-form-group govuk-form-group--error'}>
          <label class="govuk-label" for="token">
            API token
          </label>
          <div class="govuk-hint" id="token-hint">
            Who runs this server gives you one, with your roles.
          </div>
          {wrong !== undefined && (
            <p class="govuk-error-message" id="token-error">
              <span class="hidden">Error:</span> {wrong}
            </p>
          )}
          <input
            class="govuk-input"
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            aria-describedby={wrong === undefined ? 'token-hint' : 'token-hint token-error'}
            spellcheck={false}
          />
        </div>
        <button class="govuk-button">Sign in</button>
      </form>
    </>
  ),
});
