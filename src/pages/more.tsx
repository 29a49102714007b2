import { address, type Frame } from './shell.js';

/** The way to the next page, where there is one. */
export const More = ({ frame, next, of }: { readonly frame: Frame; readonly next?: string | undefined; readonly of: string }) =>
  next === undefined && frame.query['cursor'] === undefined ? null : (
    <nav class="more" aria-label="Pages of the list">
      <span class="quiet">{of} on this page</span>
      {frame.query['cursor'] !== undefined && <a href={address(frame.path, { ...frame.query, cursor: undefined })}>First page</a>}
      {next !== undefined && (
        <a rel="next" href={address(frame.path, { ...frame.query, cursor: next })}>
          Next page
        </a>
      )}
    </nav>
  );
