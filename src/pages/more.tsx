import { address, clocksOf, type Frame } from './shell.js';

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

/** Of a list of which a page has the newest alone: of how many, and where all of them are. */
export const Newest = ({
  of,
  all = 0,
  name,
  path,
  frame,
}: {
  readonly of: readonly unknown[];
  readonly all?: number | undefined;
  readonly name: string;
  readonly path: string;
  readonly frame: Frame;
}) =>
  all > of.length ? (
    <p class="small">
      The newest {of.length} of {all} {name}. <a href={address(path, clocksOf(frame.query))}>All of them as JSON</a>
    </p>
  ) : null;
