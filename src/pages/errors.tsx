import type { ProblemDetails } from '../http/problem.js';
import type { Page } from './shell.js';
import { Text } from './words.js';

const HEADINGS: Readonly<Record<number, string>> = {
  403: 'You may not do this',
  404: 'There is nothing here',
  409: 'The ledger refuses this',
  410: 'It was withdrawn',
  503: 'Try again in a moment',
};

/** What went wrong, as a page: with the way on. */
export const problemPage = (problem: ProblemDetails): Page => {
  const { status, title, detail, errors = [] } = problem;
  const duplicate = problem['duplicateOf'] as { readonly id: string; readonly href: string } | undefined;
  const heading = HEADINGS[status] ?? title.replace(/\.$/, '');
  return {
    title: heading,
    status,
    clocks: false,
    body: (
      <>
        <h1>{heading}</h1>
        <p>
          <Text of={detail ?? title} />
        </p>
        {errors.length > 1 && (
          <ul>
            {errors.map((fault) => (
              <li>
                {'parameter' in fault ? fault.parameter : 'header' in fault ? fault.header : fault.pointer}: <Text of={fault.detail} />
              </li>
            ))}
          </ul>
        )}
        {duplicate && (
          <p>
            <a href={duplicate.href}>
              The one that is kept: <bdi>{duplicate.id}</bdi>
            </a>
          </p>
        )}
        <p>
          <a href="/app">Programmes</a> · <a href="/app/search">Search</a>
        </p>
        <p class="quiet small">
          {status} · <span class="id">{problem.type}</span>
          {typeof problem['instance'] === 'string' && (
            <>
              {' · '}
              <span class="id">{problem['instance']}</span>
            </>
          )}
        </p>
      </>
    ),
  };
};
