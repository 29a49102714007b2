import { eventsOf, optional, ref, text, type DataOf, type Invariant } from '../../kernel/index.js';
import type { Programme } from './programme.js';

const linkFields = {
  tower: ref('tower', 'The tower that waits'),
  needs: ref('tower', 'The tower that must be live before it'),
  why: optional(text('What it needs of it', { max: 1000 })),
};
export type TowerLink = DataOf<typeof linkFields> & { readonly event: string; readonly on: string };

const event = eventsOf<Programme>();

export const linkEvents = {
  TowersLinked: event({
    allowedIn: ['chartered'],
    fields: linkFields,
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, links: [...p.links, { ...data, event, on: effectiveOn }] }),
  }),
};

/** A tower that would have to wait for itself. Linear in the links. */
const waitsForItself = (links: readonly TowerLink[]): string | undefined => {
  const needs = new Map<string, string[]>();
  for (const { tower, needs: other } of links) needs.set(tower, [...(needs.get(tower) ?? []), other]);
  const done = new Set<string>();
  for (const start of needs.keys()) {
    const path = new Set<string>();
    const stack = [start];
    while (stack.length > 0) {
      const tower = stack.at(-1)!;
      const next = needs.get(tower)?.find((other) => !done.has(other));
      path.add(tower);
      if (next === undefined) {
        done.add(tower);
        path.delete(tower);
        stack.pop();
      } else if (path.has(next)) return next;
      else stack.push(next);
    }
  }
  return undefined;
};

const linkedTwice = (links: readonly TowerLink[]): TowerLink | undefined =>
  links.find((link, i) => links.findIndex(({ tower, needs }) => tower === link.tower && needs === link.needs) < i);

export const linkInvariants = {
  'programme/linked-already': {
    says: 'Two towers are linked once.',
    brokenBy: { TowersLinked: '/needs' },
    detail: ({ links }) => `${linkedTwice(links)!.tower} waits for ${linkedTwice(links)!.needs} already.`,
    holds: ({ links }) => linkedTwice(links) === undefined,
  },
  'programme/circular-links': {
    says: 'No tower waits for itself, not even through others.',
    brokenBy: { TowersLinked: '/needs' },
    detail: ({ links }) => `${waitsForItself(links)} would have to be live before itself.`,
    holds: ({ links }) => waitsForItself(links) === undefined,
  },
} satisfies Record<string, Invariant<Programme>>;
